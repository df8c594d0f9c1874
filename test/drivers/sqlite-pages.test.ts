import { realpathSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { openDatabase } from '../../src/drivers/sqlite/client.ts';
import { descriptorOpenedBy } from '../../src/drivers/sqlite/descriptor.ts';
import { watchPages } from '../../src/drivers/sqlite/page-watch.ts';
import { pairTables } from '../../src/drivers/sqlite/pairs.ts';
import { nothingKnown } from '../../src/drivers/sqlite/states.ts';
import { bothWays } from './fixtures/sqlite-both-ways.ts';
import { newFile } from './fixtures/sqlite-file.ts';

/** Always the same numbers. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const rows = (count: number, text: string): string =>
  `WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < ${count}) INSERT INTO t (id, v, w) SELECT i * 10, i % 7, ${text} FROM n`;
const tables = {
  'an integer key': 'CREATE TABLE t (id INTEGER PRIMARY KEY, v, w TEXT)',
  'a text key': 'CREATE TABLE t (id TEXT PRIMARY KEY NOT NULL, v, w TEXT)',
  'a key that may be null': 'CREATE TABLE t (id TEXT PRIMARY KEY, v, w TEXT)',
  'no key': 'CREATE TABLE t (id, v, w TEXT)',
  'no rowids': 'CREATE TABLE t (id INTEGER PRIMARY KEY, v, w TEXT) WITHOUT ROWID',
  'a key that does not tell case': 'CREATE TABLE t (id TEXT COLLATE NOCASE PRIMARY KEY NOT NULL, v, w TEXT)',
};

function step(random: (below: number) => number): string {
  const id = random(40_000);
  const to = id + random(300);
  const long = random(4) === 0 ? 900 : 20 + random(60);
  const some = `CAST(id AS INTEGER) BETWEEN ${id} AND ${to}`;
  const steps = [
    `UPDATE t SET v = v + 1 WHERE ${some}`,
    `UPDATE t SET w = hex(zeroblob(${long})) WHERE ${some}`,
    `DELETE FROM t WHERE ${some}`,
    `DELETE FROM t WHERE v = ${random(7)} AND CAST(id AS INTEGER) < ${id}`,
    `INSERT OR REPLACE INTO t (id, v, w) VALUES (${id}, ${random(9)}, hex(zeroblob(${long}))), (${-to}, 1, 'x'), (${to + 1}, NULL, NULL)`,
    `INSERT OR IGNORE INTO t (id, v, w) SELECT id + 1, v, w FROM t WHERE ${some}`,
    `BEGIN; SAVEPOINT s; UPDATE t SET w = w || 'yyyyyyyyyyyyyyyyyy'; ROLLBACK TO s; UPDATE t SET v = 0 WHERE id = ${id}; COMMIT`,
    `BEGIN; DELETE FROM t; ROLLBACK; INSERT INTO other VALUES (${id}, hex(zeroblob(${long})))`,
    `DELETE FROM other; INSERT INTO other VALUES (1, hex(zeroblob(2000)))`,
    `CREATE TABLE IF NOT EXISTS more AS SELECT * FROM t LIMIT 30; UPDATE t SET v = 5 WHERE ${some}`,
    `DROP TABLE IF EXISTS more; UPDATE t SET w = NULL WHERE ${some}`,
    `UPDATE t SET id = id + 5 WHERE ${some} AND CAST(id AS INTEGER) % 10 = 0`,
    `UPDATE t SET v = 8 WHERE id = ${id - (id % 10)}; PRAGMA wal_checkpoint(TRUNCATE)`,
    `CREATE INDEX IF NOT EXISTS by_v ON t (v)`,
    `VACUUM`,
  ];
  return steps[random(steps.length)] ?? '';
}

describe('what the pages tell of a table is what a comparison of all its rows tells', () => {
  const settings = ['', 'PRAGMA auto_vacuum = FULL', 'PRAGMA wal_autocheckpoint = 5'];
  const kinds = Object.entries(tables).map(([kind, table], at) => [kind, table, settings[at % 3] ?? '', at] as const);
  test.each(kinds)('with %s', async (_kind, table, pragma, at) => {
    const random = randomFrom(100 + at);
    const file = newFile(`${table}; CREATE TABLE other (id, w); ${rows(8000, "'row ' || i")}`, {
      pragmas: `PRAGMA page_size = 512; ${pragma}; PRAGMA journal_mode = WAL`,
    });
    const scripts = Array.from({ length: 30 }, () => step(random));
    const ways = await bothWays(file, scripts);
    for (const [nth, { observed, compared }] of ways.entries())
      expect(observed, `${nth} ${scripts[nth]}`).toEqual(compared);
  });
});

describe('the pages that were written', () => {
  const seed = `CREATE TABLE t (id INTEGER PRIMARY KEY, v, w TEXT); CREATE TABLE other (id, w); ${rows(60_000, "'a row of some length, number ' || i")}`;
  const wal = { pragmas: 'PRAGMA journal_mode = WAL' };
  /** How many rows have to be read after a migration. */
  const toRead = async (sql: string, first = ''): Promise<number | undefined> => {
    const file = newFile(`${seed}; ${first}`, wal);
    const database = await openDatabase(file.path);
    try {
      const path = realpathSync(file.path);
      const descriptor = descriptorOpenedBy(path, () => void database.prepare('ATTACH ? AS before').run(file.path));
      const pages = watchPages(database, path, descriptor ?? -1);
      await pages.begin(async () => {
        database.exec('BEGIN');
        database.prepare('SELECT count(*) FROM before.sqlite_schema').get();
      });
      file.run(sql);
      pages.end();
      const known = { before: nothingKnown([]), after: nothingKnown([]) };
      const pair = pairTables(database, undefined, known).pairs.find(({ after }) => after?.name === 't');
      const seen = pair && pages.look().of(pair);
      return seen?.ranges
        .map(({ first, last }) =>
          Number(
            database.prepare(`SELECT count(*) FROM main.t WHERE id BETWEEN ${first} AND ${last}`).raw().all().flat()[0],
          ),
        )
        .reduce((sum, count) => sum + count, 0);
    } finally {
      database.close();
    }
  };

  test.each([
    ['rows are changed', "UPDATE t SET v = 'x' WHERE id IN (100000, 300000)"],
    ['rows grow', 'UPDATE t SET w = w || hex(zeroblob(500)) WHERE id IN (100000, 300000)'],
    ['rows are added between others', "INSERT INTO t VALUES (100001, 1, 'x'), (100002, 1, 'x'), (300005, 1, 'x')"],
    ['rows are added at the end', `INSERT INTO t SELECT id + 1000000, v, w FROM t WHERE id BETWEEN 1 AND 2000`],
    ['rows are deleted', 'DELETE FROM t WHERE id IN (100000, 300000)'],
  ])('leave few rows to be read where %s', async (_what, sql) => {
    const count = await toRead(sql);
    expect(count).toBeGreaterThan(1);
    expect(count).toBeLessThan(1000);
  });

  test('leave none to be read where another table was written', async () => {
    expect(await toRead("INSERT INTO other VALUES (1, 'x')")).toBe(0);
  });

  test('leave few to be read where rows are long, in that table or in another', async () => {
    expect(await toRead('INSERT INTO other VALUES (1, hex(zeroblob(9000)))')).toBe(0);
    expect(await toRead('UPDATE t SET w = hex(zeroblob(9000)) WHERE id = 300000')).toBeLessThan(1000);
  });

  test('leave all to be read where a long row was written whose own page was not', async () => {
    const long = (character: string): string => `printf('%.9000c', 'a') || '${character}'`;
    expect(
      await toRead(`UPDATE t SET w = ${long('b')} WHERE id = 30`, `UPDATE t SET w = ${long('a')} WHERE id = 30`),
    ).toBeUndefined();
  });
});

test('a table is measured anew where another one had its place before', async () => {
  const { driver, target, run } = newFile(
    `CREATE TABLE a (id INTEGER PRIMARY KEY, v, w TEXT); CREATE TABLE t (id INTEGER PRIMARY KEY, v, w TEXT); ${rows(20_000, "'row ' || i")};
     INSERT INTO a SELECT * FROM t WHERE id <= 50000`,
    { pragmas: 'PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL' },
  );
  await using observer = await driver.observe(target);
  const after = async (sql: string, table: string): Promise<unknown> => {
    await observer.begin();
    run(sql);
    const { tables = [] } = await observer.finish([{ sql, line: 1, ms: 0, writes: [table] }]);
    return tables.find((one) => one.table === table);
  };
  expect(await after("UPDATE a SET w = 'x' WHERE id = 30", 'a')).toMatchObject({ rowsBefore: 5000, rowsAfter: 5000 });
  await after('DROP TABLE a', 'a');
  expect(await after("UPDATE t SET w = 'x' WHERE id = 70", 't')).toMatchObject({
    rowsBefore: 20_000,
    rowsAfter: 20_000,
  });
  expect(await after('DELETE FROM t WHERE id = 90', 't')).toMatchObject({
    rowsBefore: 20_000,
    rowsAfter: 19_999,
    rowsGone: 1,
  });
});

test.each([
  ['nobody watched', 'DELETE FROM t WHERE id > 199000', 19_900],
  [
    'nobody watched, and the log was begun anew',
    'DELETE FROM t WHERE id > 199000; PRAGMA wal_checkpoint(RESTART); DELETE FROM a WHERE id = 10',
    19_900,
  ],
  [
    'nobody watched, and the log was emptied',
    'DELETE FROM t WHERE id > 199000; PRAGMA wal_checkpoint(TRUNCATE)',
    19_900,
  ],
  ['only other tables were written', 'DELETE FROM a WHERE id > 10; CREATE TABLE b (id)', 20_000],
])('a table is as large as it is where, since it was measured, %s', async (_since, between, left) => {
  const { driver, target, run } = newFile(
    `CREATE TABLE a (id INTEGER PRIMARY KEY, v, w TEXT); CREATE TABLE t (id INTEGER PRIMARY KEY, v, w TEXT); ${rows(20_000, "'row ' || i")};
     INSERT INTO a SELECT * FROM t WHERE id <= 50`,
    { pragmas: 'PRAGMA journal_mode = WAL' },
  );
  await using observer = await driver.observe(target);
  const after = async (sql: string): Promise<unknown> => {
    await observer.begin();
    run(sql);
    const { tables = [] } = await observer.finish([{ sql, line: 1, ms: 0, writes: ['t', 'a'] }]);
    return tables.find((one) => one.table === 't');
  };
  expect(await after("UPDATE t SET w = 'x' WHERE id = 30")).toMatchObject({ rowsBefore: 20_000, rowsAfter: 20_000 });
  run(between);
  await after("UPDATE a SET w = 'x' WHERE id = 10");
  expect(await after('DELETE FROM t WHERE id = 90')).toMatchObject({
    rowsBefore: left,
    rowsAfter: left - 1,
    rowsGone: 1,
  });
});
