import Database from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { isForerunError } from '../../src/error.ts';
import { gate, up } from '../../src/run.ts';
import { rollback } from '../../src/verbs/rollback.ts';
import { status } from '../../src/verbs/status.ts';
import { forerun, forerunJson } from '../support/cli.ts';
import { newDepot, strictTable, tables } from './fixtures/trailbase/depot.ts';
import { ownInMain, startTrail } from './fixtures/trailbase/trail.ts';

const posts =
  'CREATE TABLE posts (id BLOB PRIMARY KEY CHECK (is_uuid_v7(id)) DEFAULT (uuid_v7()), title TEXT) STRICT;\nINSERT INTO posts (title) VALUES (1);\n';
const phone = "ALTER TABLE users ADD COLUMN phone TEXT NOT NULL DEFAULT '';\n";

describe('migrations of a depot', () => {
  test('are recorded as TrailBase records them, so that it finds nothing to do', async () => {
    const depot = await newDepot();
    await depot.migration('U1790000000__posts.sql', posts);
    await depot.migration('deeper/V1790000100__phone.sql', phone);
    const before = depot.history();
    expect(startTrail(depot, ownInMain).runs.toSorted()).toEqual(['U1790000000__posts.sql', 'V1790000100__phone.sql']);
    const setup = await depot.setup();
    const result = await up(setup, { safe: true });
    expect(result).toMatchObject({
      outcome: 'promoted',
      migrations: [
        { version: '1790000000', name: 'U1790000000__posts', promotion: 'replay' },
        { version: '1790000100', name: 'V1790000100__phone', promotion: 'replay' },
      ],
    });
    const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d*[1-9])?Z$/) as string;
    expect(depot.history()).toEqual([
      ...before,
      { version: 1790000000, name: 'posts', applied_on: time, checksum: '17480368179720990667' },
      { version: 1790000100, name: 'phone', applied_on: time, checksum: '16328903346613641440' },
    ]);
    expect(depot.read('SELECT typeof(version) || typeof(checksum) FROM _schema_history GROUP BY 1')).toEqual([
      'integertext',
    ]);
    expect(startTrail(depot, ownInMain)).toEqual({ runs: [], passesOver: [] });
    expect(depot.read('SELECT length(id) FROM posts')).toEqual([16]);
    const after = await status(setup);
    expect(after).toMatchObject({ pending: [], drift: [], notes: [], stops: false });
    expect(after.applied.map(({ name }) => name)).toEqual(['U1790000000__posts', 'V1790000100__phone']);
    expect((await up(setup, { safe: true })).outcome).toBe('nothing-pending');
  });

  test('may come late where they begin with U, and stand in the folder of old', async () => {
    const depot = await newDepot();
    await depot.migration('U1790000000__posts.sql', posts);
    const setup = await depot.setup();
    await up(setup, { safe: true });
    await depot.file('traildepot/migrations/U1600000000__late.sql', phone);
    expect((await status(setup)).drift).toEqual([]);
    expect(await up(setup, { safe: true })).toMatchObject({ outcome: 'promoted' });
    expect(depot.history().at(-1)).toMatchObject({ version: 1600000000, name: 'late' });
  });

  test('are run without --safe as well', async () => {
    const depot = await newDepot();
    await depot.migration('U1790000000__posts.sql', posts);
    expect(await up(await depot.setup())).toMatchObject({ outcome: 'promoted' });
    expect(startTrail(depot, ownInMain)).toEqual({ runs: [], passesOver: [] });
  });

  test('that fail leave neither tables nor a row', async () => {
    const depot = await newDepot();
    await depot.migration('U1790000000__posts.sql', `${posts}INSERT INTO nowhere VALUES (1);\n`);
    const before = depot.history();
    expect(await up(await depot.setup(), { safe: true })).toMatchObject({ outcome: 'blocked', exitCode: 3 });
    expect(depot.history()).toEqual(before);
    expect(depot.read("SELECT count(*) FROM sqlite_schema WHERE name = 'posts'")).toEqual([0]);
  });

  test('are taken back with their rows by a rollback to a checkpoint', async () => {
    const depot = await newDepot();
    await depot.migration('U1790000000__posts.sql', posts);
    const before = depot.history();
    const setup = await depot.setup();
    const { migrations } = await up(setup, { safe: true });
    await rollback(setup, migrations[0]?.checkpoint ?? '');
    expect(depot.history()).toEqual(before);
    expect((await status(setup)).pending).toMatchObject([{ name: 'U1790000000__posts' }]);
    expect(await gate(setup)).toMatchObject({ outcome: 'passed' });
  });

  test('are promoted in one swap where that is asked for', async () => {
    const depot = await newDepot();
    await depot.migration('U1790000000__posts.sql', posts);
    await depot.migration('U1790000100__phone.sql', phone);
    const result = await up(await depot.setup(), { safe: true, allOrNothing: true });
    expect(result).toMatchObject({ outcome: 'promoted', migrations: [{ promotion: 'swap' }, { promotion: 'swap' }] });
    expect(startTrail(depot, ownInMain)).toEqual({ runs: [], passesOver: [] });
  });

  test('are found by the command line without a configuration', async () => {
    const depot = await newDepot();
    await depot.migration('U1790000000__posts.sql', posts);
    const options = { cwd: depot.root };
    expect(await forerunJson(['up', '--safe', '--adapter', 'trailbase'], options)).toMatchObject({
      outcome: 'promoted',
      migrations: [{ name: 'U1790000000__posts' }],
    });
    const { stdout } = await forerun(['status', '--adapter', 'trailbase'], options);
    expect(stdout).toContain('1 applied, 0 pending');
  });
});

describe('a database besides main', () => {
  const seed = `${strictTable} ${tables}
    INSERT INTO _schema_history VALUES (2, 'file_deletions', '2026-03-01T08:00:00Z', '5089486392068093320');`;

  test('has migrations and a history of its own', async () => {
    const depot = await newDepot({ seed, database: 'shop' });
    await depot.migration('U1790000000__posts.sql', posts);
    await depot.file('traildepot/migrations/main/U1790000001__main.sql', 'CREATE TABLE other (id INTEGER);');
    await depot.file('traildepot/migrations/U1790000002__old.sql', 'CREATE TABLE old (id INTEGER);');
    const result = await up(await depot.setup(), { safe: true });
    expect(result.migrations.map(({ name }) => name)).toEqual(['U1790000000__posts']);
    expect(depot.history()).toMatchObject([{ name: 'file_deletions' }, { name: 'posts' }]);
  });

  test('is meant by its address alone, and never confused with another', async () => {
    const depot = await newDepot({ seed, database: 'shop' });
    await depot.migration('U1790000000__posts.sql', posts);
    await depot.file('traildepot/migrations/main/U1790000001__main.sql', 'CREATE TABLE other (id INTEGER);');
    const error: unknown = await depot
      .setup({ database: 'main' }, { database: depot.path })
      .catch((reason: unknown) => reason);
    if (!isForerunError(error, 'CONFIG')) throw error;
    expect(error.message).toContain("TrailBase's database shop, and the migrations are those of main");
    const { stdout } = await forerun(['up', '--adapter', 'trailbase', '--database', 'traildepot/data/shop.db'], {
      cwd: depot.root,
    });
    expect(stdout).toContain('U1790000000__posts');
    expect(depot.history()).toMatchObject([{ name: 'file_deletions' }, { name: 'posts' }]);
  });

  test.each(['logs', 'session'])('is none where it is TrailBase’s %s', async (database) => {
    const depot = await newDepot();
    const error: unknown = await depot.setup({ database }).catch((reason: unknown) => reason);
    if (!isForerunError(error, 'CONFIG')) throw error;
    expect(error.message).toContain(database);
  });
});

describe("TrailBase's settings", () => {
  test('hold while a migration runs: LIKE minds capitals, and keys do not cascade', async () => {
    const depot = await newDepot();
    await depot.migration(
      'U1790000000__like.sql',
      `-- forerun: allow values-changed users.name
UPDATE users SET name = 'x' WHERE name LIKE 'alice';
UPDATE users SET name = 'y' WHERE name LIKE 'Bob';
`,
    );
    await depot.migration(
      'U1790000001__rebuild.sql',
      `CREATE TABLE users_new (id INTEGER PRIMARY KEY, email TEXT UNIQUE NOT NULL, name TEXT NOT NULL) STRICT;
INSERT INTO users_new SELECT * FROM users;
DROP TABLE users;
ALTER TABLE users_new RENAME TO users;
`,
    );
    expect(await up(await depot.setup(), { safe: true })).toMatchObject({ outcome: 'promoted' });
    expect(depot.read('SELECT name FROM users ORDER BY id')).toEqual(['Alice', 'y', 'Carol']);
    expect(depot.read('SELECT count(*) FROM orders')).toEqual([3]);
  });

  test('have keys checked at the end', async () => {
    const depot = await newDepot();
    await depot.migration(
      'U1790000000__orphans.sql',
      '-- forerun: allow rows-lost users\nDELETE FROM users WHERE id = 1;\n',
    );
    const result = await up(await depot.setup(), { safe: true });
    expect(result).toMatchObject({ outcome: 'blocked' });
    expect(result.findings).toMatchObject([{ gate: 'integrity', severity: 'block' }]);
    expect(result.findings[0]?.message).toContain('orders');
  });
});

test('a database of PostgreSQL is refused', async () => {
  const depot = await newDepot();
  const error: unknown = await depot
    .setup({}, { database: 'postgres://u:secret@h/db' })
    .catch((reason: unknown) => reason);
  if (!isForerunError(error, 'BAD_TARGET')) throw error;
  expect(`${error.message} ${error.next} ${JSON.stringify(error.details)}`).not.toContain('secret');
});

test('a depot that is not there is named', async () => {
  const depot = await newDepot();
  const error: unknown = await depot.setup({ depot: 'elsewhere' }).catch((reason: unknown) => reason);
  if (!isForerunError(error, 'CONFIG')) throw error;
  expect(error.message).toContain(`${depot.root}/elsewhere`);
  expect(new Database(depot.path).close().open).toBe(false);
});
