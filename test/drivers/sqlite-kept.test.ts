import { readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { sql } from '../../adapters/sql.ts';
import { sqlite } from '../../src/drivers/sqlite.ts';
import type { Driver } from '../../src/seams/driver.ts';
import { up } from '../../src/run.ts';
import { newProject, type Project } from '../support/project.ts';
import { failure, newFile, recorded, type SqliteFile } from './fixtures/sqlite-file.ts';

const run = { run: '20260101-000000-test' };

/** How many descriptors of the file this process has open. */
function open({ path }: Pick<SqliteFile, 'path'>): number {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`) === path;
    } catch {
      return false;
    }
  }).length;
}

/** The file's driver for one run, and scripts of that run. */
function ofRun({ driver, target }: SqliteFile): { driver: Driver; apply(sql: string): Promise<void> } {
  return { driver, apply: (sql) => driver.script(sql, 'm.sql')(target, recorded(run)) };
}

describe('the connection of scripts of one run', () => {
  test('is one, until the run lets it rest', async () => {
    const file = newFile('CREATE TABLE t (a)');
    const { driver, apply } = ofRun(file);
    await apply('INSERT INTO t VALUES (1)');
    await apply('INSERT INTO t VALUES (2)');
    expect(open(file)).toBe(1);
    await driver.rest?.(file.driver.target(`${file.path}-other`));
    expect(open(file)).toBe(1);
    await driver.rest?.(file.target);
    expect(open(file)).toBe(0);
    await apply('INSERT INTO t VALUES (3)');
    await driver.rest?.();
    expect(open(file)).toBe(0);
    expect(file.read('SELECT a FROM t')).toEqual([1, 2, 3]);
  });

  test('is not kept for who names no run, and so says nothing of its end', async () => {
    const file = newFile('CREATE TABLE t (a)');
    await file.apply('INSERT INTO t VALUES (1)');
    expect(open(file)).toBe(0);
  });

  test('is closed when the run has ended', async () => {
    const project = await newProject();
    await migrations(project, 'CREATE TABLE first (a)', 'CREATE TABLE second (a)');
    expect(await up(await project.setup(), { safe: true })).toMatchObject({ outcome: 'promoted' });
    // The provider's own: to close it would drop the locks of whoever uses main in this process.
    expect(open(project)).toBe(1);
    await project.migration('003_third.sql', 'CREATE TABLE third (a)');
    expect(await up(await project.setup(), {})).toMatchObject({ outcome: 'promoted' });
    expect(open(project)).toBe(1);
  });

  test('is closed when the run has ended, too, where the source has a driver of its own', async () => {
    const project = await newProject();
    await migrations(project, 'CREATE TABLE first (a)', 'CREATE TABLE second (a)');
    const source = sql({ directory: join(project.root, 'migrations'), driver: sqlite() });
    const before = open(project);
    expect(await up({ ...(await project.setup()), source }, { safe: true })).toMatchObject({ outcome: 'promoted' });
    expect(open(project) - before).toBe(1);
  });

  test('is not kept after a script that fails, nor one with pragmas, nor where the application prepares it', async () => {
    const setUp = newFile('CREATE TABLE t (a)', { setup: (database) => void database.pragma('cache_size = 10') });
    await ofRun(setUp).apply('INSERT INTO t VALUES (1)');
    expect(open(setUp)).toBe(0);
    const file = newFile('CREATE TABLE t (a)');
    const { apply } = ofRun(file);
    await failure(apply('INSERT INTO nowhere VALUES (1)'));
    expect(open(file)).toBe(0);
    await apply('PRAGMA cache_size = 10; INSERT INTO t VALUES (1)');
    expect(open(file)).toBe(0);
    await apply('VACUUM');
    expect(open(file)).toBe(0);
  });

  test('tells a script that fails after one that was committed from one that ended its transaction', async () => {
    const file = newFile('CREATE TABLE t (a)');
    const { apply } = ofRun(file);
    await apply('INSERT INTO t VALUES (1)');
    expect((await failure(apply('INSERT INTO t VALUES (2); INSERT INTO nowhere VALUES (1)'))).code).toBe(
      'STATEMENT_FAILED',
    );
    expect(file.read('SELECT a FROM t')).toEqual([1]);
  });
});

describe('a migration sees nothing that the one before it left on its connection', () => {
  const cases: readonly (readonly [string, string, string, string])[] = [
    ['a temporary table', 'CREATE TEMP TABLE note (a)', 'CREATE TABLE note (a)', 'INSERT INTO note VALUES (1)'],
    ['a pragma', 'PRAGMA case_sensitive_like = ON', 'CREATE TABLE note (a)', "INSERT INTO note SELECT 'A' LIKE 'a'"],
    ['the last rowid', shopRow(7), 'CREATE TABLE note (a)', 'INSERT INTO note SELECT last_insert_rowid() = 0'],
    ['changes', shopRow(7), 'CREATE TABLE note (a)', 'INSERT INTO note SELECT Total_Changes() + CHANGES() = 0'],
    ['foreign keys that are off', 'PRAGMA foreign_keys = OFF', shopRow(9), 'CREATE TABLE note AS SELECT 1 AS a'],
  ];
  describe.each(['wal', 'delete'] as const)('in %s mode', (journalMode) => {
    test.each(cases)('%s', async (_, first, second, third) => {
      const project = await newProject({ journalMode });
      await migrations(project, `${first};\nCREATE TABLE first (a);`, `${second};\n${third};`);
      const result = await up(await project.setup(), { safe: true });
      expect(result.migrations.map(({ outcome }) => outcome)).toEqual(['promoted', 'promoted']);
      expect(project.read('SELECT a FROM note')).toEqual([1]);
    });
  });
});

describe('a migration that does not name what asks its connection', () => {
  const log = 'CREATE TABLE t (id INTEGER PRIMARY KEY, v); CREATE TABLE log (asked)';
  const note = (call: string): string =>
    `${log}; CREATE TRIGGER note AFTER UPDATE ON t BEGIN INSERT INTO log VALUES (${call}); END`;
  test.each([
    ['the last rowid, in a trigger', note('last_insert_rowid()'), 'UPDATE t SET v = 1 WHERE id = 7'],
    ['all changes, in a trigger', note('(SELECT "Total_Changes" ())'), 'UPDATE t SET v = 1 WHERE id = 7'],
    [
      'all changes, in a view',
      `${log}; CREATE VIEW v AS SELECT total_changes() AS n`,
      'INSERT INTO log SELECT n FROM v',
    ],
  ])('has one of its own: %s', async (_, seed, asks) => {
    const file = newFile(`${seed}; INSERT INTO t VALUES (7, 0)`);
    const { driver, apply } = ofRun(file);
    await apply('INSERT INTO t VALUES (9, 0)');
    await apply(asks);
    await driver.rest?.();
    expect(file.read('SELECT asked FROM log')).toEqual([0]);
  });

  test('goes on with the one before, where only a name is like that', async () => {
    const file = newFile('CREATE TABLE price_changes (a); CREATE TABLE t (changes, a)');
    const { driver, apply } = ofRun(file);
    await apply('INSERT INTO t VALUES (1, 2)');
    await apply('DELETE FROM t');
    expect(open(file)).toBe(1);
    await driver.rest?.();
  });
});

function shopRow(id: number): string {
  return `INSERT INTO users (id, email, name) VALUES (${id}, 'dora${id}@example.com', 'Dora')`;
}

async function migrations(project: Project, first: string, second: string): Promise<void> {
  await project.migration('001_first.sql', first);
  await project.migration('002_second.sql', second);
}
