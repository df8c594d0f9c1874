import { copyFileSync } from 'node:fs';
import Database from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import type { Evidence } from '../../src/seams/evidence.ts';
import { newFile, type SqliteFile } from './fixtures/sqlite-file.ts';

/**
 * Runs migrations one after the other under one observer, each by a connection of its own that tells nothing, and gives
 * for each what the observer says of the tables and what a comparison of two files says.
 */
async function bothWays(file: SqliteFile, scripts: readonly string[], between?: () => void): Promise<Pair[]> {
  const { driver, target, path } = file;
  const pairs: Pair[] = [];
  await using observer = await driver.observe(target);
  for (const [at, script] of scripts.entries()) {
    const copy = `${path}.${at}`;
    snapshot(path, copy);
    await observer.begin();
    const database = new Database(path);
    try {
      database.exec(script);
    } finally {
      database.close();
    }
    const observed = (await observer.finish(undefined)).tables;
    pairs.push({ observed, compared: (await driver.compare(driver.target(copy), target)).tables });
    between?.();
  }
  return pairs;
}

interface Pair {
  readonly observed: Evidence['tables'];
  readonly compared: Evidence['tables'];
}

/** All that is committed, in the same pages. */
function snapshot(path: string, copy: string): void {
  for (const suffix of ['', '-wal']) copyFileSync(`${path}${suffix}`, `${copy}${suffix}`);
}

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
  const kinds = Object.entries(tables).flatMap(([kind, table], at) =>
    settings.map((pragma, setting) => [kind, pragma, table, at * 10 + setting] as const),
  );
  test.each(kinds)('with %s %s', async (_kind, pragma, table, seed) => {
    const random = randomFrom(seed + Number(process.env['SEED'] ?? 0));
    const file = newFile(`${table}; CREATE TABLE other (id, w); ${rows(4000, "'row ' || i")}`, {
      pragmas: `PRAGMA page_size = 512; ${pragma}; PRAGMA journal_mode = WAL`,
    });
    const scripts = Array.from({ length: 25 }, () => step(random));
    const pairs = await bothWays(file, scripts);
    for (const [at, { observed, compared }] of pairs.entries())
      expect(observed, `${at} ${scripts[at]}`).toEqual(compared);
  });
});
