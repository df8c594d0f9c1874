import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { resolveConfig } from '../../../src/config.ts';
import { up } from '../../../src/run.ts';
import { newDepot, oldTable, strictTable, systemRows, tables } from '../fixtures/trailbase/depot.ts';
import { ownInMain, startTrail } from '../fixtures/trailbase/trail.ts';

const posts = 'CREATE TABLE posts (id INTEGER PRIMARY KEY, title TEXT) STRICT;\n';

describe('a table _schema_history', () => {
  test('of an older TrailBase stays as it is', async () => {
    const depot = await newDepot({ seed: `${oldTable} ${systemRows} ${tables}` });
    await depot.migration('U1790000000__posts.sql', posts);
    expect(await up(await depot.setup(), { safe: true })).toMatchObject({ outcome: 'promoted' });
    expect(startTrail(depot, ownInMain)).toEqual({ runs: [], passesOver: [] });
    expect(depot.read("SELECT sql FROM sqlite_schema WHERE name = '_schema_history'")[0]).toContain('version INT4');
  });

  test.each([
    ['has a column more', `ALTER TABLE _schema_history ADD COLUMN kind TEXT;`, 'kind TEXT'],
    ['has other types', '', 'version INTEGER key'],
  ])('of a TrailBase that is not known is said and left: it %s', async (_, more, said) => {
    const table = more === '' ? strictTable.replace('version INT ', 'version INTEGER ') : strictTable;
    const depot = await newDepot({ seed: `${table} ${systemRows} ${tables} ${more}` });
    await depot.migration('U1790000000__posts.sql', posts);
    const before = await readFile(depot.path);
    const result = await up(await depot.setup(), { safe: true });
    expect(result).toMatchObject({ outcome: 'failed', exitCode: 2, error: { code: 'FOREIGN_HISTORY' } });
    expect(result.error?.message).toContain(said);
    expect((await readFile(depot.path)).equals(before)).toBe(true);
  });

  test('in our own form is told from TrailBase’s', async () => {
    const own =
      'CREATE TABLE _schema_history (version TEXT NOT NULL, name TEXT PRIMARY KEY, applied_on TEXT NOT NULL, checksum TEXT NOT NULL);';
    const depot = await newDepot({ seed: `${own} ${tables}` });
    const { error } = await up(await depot.setup(), { safe: true });
    expect(error).toMatchObject({ code: 'FOREIGN_HISTORY' });
    expect(error?.message).toContain("Forerun's own shape");
  });

  test.each([
    ["UPDATE _schema_history SET applied_on = '2024-08-30 15:26:02' WHERE version = 3", 'RFC 3339'],
    ["UPDATE _schema_history SET checksum = '-5' WHERE version = 3", 'whole number'],
    ['UPDATE _schema_history SET checksum = NULL WHERE version = 3', 'whole number'],
    ['UPDATE _schema_history SET name = NULL WHERE version = 3', 'no name'],
  ])('with a row that TrailBase cannot read stops the run: %s', async (sql, said) => {
    const depot = await newDepot();
    depot.write(sql);
    const { error } = await up(await depot.setup(), { safe: true });
    expect(error).toMatchObject({ code: 'FOREIGN_HISTORY' });
    expect(error?.message).toContain('version 3');
    expect(error?.message).toContain(said);
  });

  test.each([
    ['is missing', tables],
    ['lacks V1__initial', `${strictTable} ${tables}`],
  ])('that %s means that TrailBase must come first', async (_, seed) => {
    const depot = await newDepot({ seed });
    await depot.migration('U1790000000__posts.sql', posts);
    const { exitCode, error } = await up(await depot.setup(), { safe: true });
    expect(exitCode).toBe(2);
    expect(error).toMatchObject({ code: 'FOREIGN_HISTORY', next: expect.stringContaining('trail run') as string });
    expect(depot.read("SELECT count(*) FROM sqlite_schema WHERE name = 'posts'")).toEqual([0]);
  });

  test('is refused by name where another adapter comes upon it', async () => {
    const depot = await newDepot();
    await depot.file('migrations/001_a.sql', 'CREATE TABLE a (i);');
    const setup = await resolveConfig({ root: depot.root, database: depot.path });
    const { error } = await up(setup, { safe: true });
    expect(error).toMatchObject({ code: 'FOREIGN_HISTORY' });
    expect(error?.message).toContain('TrailBase');
  });
});
