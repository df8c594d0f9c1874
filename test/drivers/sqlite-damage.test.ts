import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { sqlite } from '../../src/drivers/sqlite.ts';
import { newFile, type SqliteFile } from './fixtures/sqlite-file.ts';

const rows = (table: string): string =>
  `WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 3000) INSERT INTO ${table} SELECT i, 's3cret ' || i FROM n`;

/** Overwrites one page of a table's or an index's tree. */
function breakTree(file: SqliteFile, tree: string): void {
  const pages = file.read(
    `SELECT pageno FROM dbstat WHERE name = '${tree}' AND pagetype = 'leaf' ORDER BY pageno`,
  ) as number[];
  const page = pages[Math.floor(pages.length / 2)] ?? 0;
  const bytes = readFileSync(file.path);
  bytes.fill(0xfe, (page - 1) * 4096, page * 4096);
  writeFileSync(file.path, bytes);
}

describe('looking for damage in a SQLite file', () => {
  test.each(['t', 'by_v'])('finds a broken page of %s, and shows no value', async (tree) => {
    const file = newFile(`CREATE TABLE t (id INTEGER PRIMARY KEY, v); CREATE INDEX by_v ON t (v); ${rows('t')}`);
    breakTree(file, tree);
    const damage = await file.driver.damage(file.target);
    expect(damage.length).toBeGreaterThan(0);
    expect(damage.length).toBeLessThanOrEqual(11);
    expect(new Set(damage.map(({ kind }) => kind))).toEqual(new Set(['corruption']));
    expect(JSON.stringify(damage)).not.toContain('s3cret');
  });

  test('finds it where the list of tables itself cannot be read', async () => {
    const file = newFile(`CREATE TABLE t (id INTEGER PRIMARY KEY, v); ${rows('t')}`);
    const bytes = readFileSync(file.path);
    bytes.fill(0xfe, 100, 4096);
    writeFileSync(file.path, bytes);
    expect(await file.driver.damage(file.target)).toMatchObject([{ kind: 'corruption' }]);
  });

  test.each(['checked', 'indexed', 'plain'])(
    'finds it without the functions that the schema calls, in the table %s',
    async (table) => {
      const file = newFile(
        `CREATE TABLE checked (id INTEGER PRIMARY KEY, v CHECK (known(v))); CREATE TABLE indexed (id INTEGER PRIMARY KEY, v); CREATE UNIQUE INDEX i ON indexed (known(v), id); CREATE TABLE plain (id INTEGER PRIMARY KEY, v);
       ${['checked', 'indexed', 'plain'].map(rows).join(';')}`,
        { setup: (database) => void database.function('known', { deterministic: true }, (_value: unknown) => 1) },
      );
      const driver = sqlite();
      expect(await driver.damage(file.target)).toEqual([]);
      breakTree(file, table);
      expect((await driver.damage(file.target)).length).toBeGreaterThan(0);
    },
  );

  test('finds it while it compares rows', async () => {
    const file = newFile(`CREATE TABLE t (id INTEGER PRIMARY KEY, v); CREATE TABLE u (a); ${rows('t')}`);
    breakTree(file, 't');
    await using observer = await file.driver.observe(file.target);
    const { tables = [], integrity } = await observer.finish(undefined);
    expect(tables.map(({ table }) => table)).toEqual(['u']);
    expect(integrity).toMatchObject([
      {
        kind: 'corruption',
        table: 't',
        message: 'The rows of t could not be compared: database disk image is malformed.',
      },
    ]);
  });
});
