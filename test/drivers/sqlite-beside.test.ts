import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { whenFree } from '../../src/drivers/sqlite/busy.ts';
import { failure, newFile, recorded, type SqliteFile } from './fixtures/sqlite-file.ts';
import { startApplication } from './fixtures/sqlite-processes.ts';

const seed = "CREATE TABLE t (id INTEGER PRIMARY KEY, v); INSERT INTO t VALUES (1, 'a'), (2, 'b')";
/** A read that is not finished keeps a lock. */
const reading = 'BEGIN; SELECT * FROM t';
const modes = ['delete', 'truncate', 'wal'] as const;
const inMode = (mode: string): SqliteFile => newFile(seed, { pragmas: `PRAGMA journal_mode = ${mode}` });

describe('a transaction beside an application in another process', () => {
  test('in rollback-journal mode commits when the reader that holds it off is done', async () => {
    const file = inMode('delete');
    const application = await startApplication(file.target);
    const steps: string[] = [];
    const done = file
      .apply("INSERT INTO t VALUES (3, 'c')", {
        // From here on only the COMMIT is left.
        beforeCommit: async () => {
          await application.run(reading);
          steps.push('before commit');
        },
      })
      .then(() => steps.push('committed'));
    while (steps.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    // The other process answers while the commit is being tried: nothing blocks.
    await application.run('SELECT 1');
    expect(steps).toEqual(['before commit']);
    await application.run('COMMIT');
    await done;
    expect(steps).toEqual(['before commit', 'committed']);
    expect(file.read('SELECT id FROM t')).toEqual([1, 2, 3]);
    await application.end();
  });

  test('says once for what it waits, when it has waited for a second', async () => {
    const file = inMode('wal');
    const application = await startApplication(file.target);
    await application.run('BEGIN IMMEDIATE');
    const told: string[] = [];
    const done = file.apply("INSERT INTO t VALUES (3, 'c')", {
      waiting(message) {
        told.push(message);
        setTimeout(() => void application.run('COMMIT'), 200);
      },
    });
    await done;
    expect(told).toEqual([
      'Another program has the database locked (waiting for the write lock); waiting for up to 30 s.',
    ]);
    await application.end();
  });

  test('that is aborted while it waits to commit leaves nothing behind', async () => {
    const file = inMode('delete');
    const application = await startApplication(file.target);
    const attempt = recorded({
      beforeCommit: async () => {
        await application.run(reading);
        setImmediate(() => attempt.controller.abort());
      },
    });
    const error = await failure(file.driver.script("INSERT INTO t VALUES (3, 'c')")(file.target, attempt));
    expect(error.name).toBe('AbortError');
    await application.run('SELECT * FROM t');
    await application.run('COMMIT');
    await application.run("INSERT INTO t VALUES (4, 'd')");
    await application.end();
    expect(file.read('SELECT id FROM t')).toEqual([1, 2, 4]);
  });

  test('in WAL mode is not held off by a reader', async () => {
    const file = inMode('wal');
    const application = await startApplication(file.target);
    await application.run(reading);
    await file.apply("INSERT INTO t VALUES (3, 'c')");
    await application.run('COMMIT');
    await application.end();
    expect(file.read('SELECT id FROM t')).toEqual([1, 2, 3]);
  });

  test.each(modes)('keeps the journal mode of main as it is (%s)', async (mode) => {
    const file = inMode(mode);
    await file.apply("INSERT INTO t VALUES (3, 'c'); CREATE TABLE u (a)");
    expect(file.read('PRAGMA journal_mode')).toEqual([mode === 'truncate' ? 'delete' : mode]);
  });
});

describe('a lock that is not given back', () => {
  test.each(modes)('is waited for up to the limit, and what to look for is said (%s)', async (mode) => {
    const file = inMode(mode);
    const application = await startApplication(file.target);
    await application.run('BEGIN IMMEDIATE; DELETE FROM t');
    const database = new Database(file.path, { timeout: 0 });
    const error = await failure(
      whenFree(() => database.exec('BEGIN IMMEDIATE'), { waitMs: 30, what: 'waiting for the write lock' }),
    );
    expect(error).toMatchObject({ code: 'LOCKED', cause: { code: 'SQLITE_BUSY' } });
    expect(error.message).toMatch(/stayed locked by another process for 0\.03 s: waiting for the write lock/);
    expect(error.next).toMatch(/application/);
    database.close();
    await application.end();
  });
});

describe('a transaction that is ended in ways of SQLite', () => {
  test('by a full disk is rolled back, not escaped', async () => {
    const file = inMode('delete');
    const error = await failure(
      file.driver.transaction(file.target, recorded(), async (connection) => {
        await connection.query('PRAGMA max_page_count = 4');
        await connection.query('INSERT INTO t VALUES (3, zeroblob(100000))');
      }),
    );
    expect(error).toMatchObject({ code: 'PROVIDER_FAILED', cause: { code: 'SQLITE_FULL' } });
    expect(error.next).toContain(`the disk of ${dirname(file.path)}`);
    expect(file.read('SELECT id FROM t')).toEqual([1, 2]);
  });

  test('by a connection that is closed in the middle has escaped', async () => {
    const file = inMode('wal');
    const error = await failure(
      file.driver.transaction(file.target, recorded(), async (connection) => {
        await connection.query("INSERT INTO t VALUES (3, 'c')");
        (connection.client as Database.Database).close();
      }),
    );
    expect(error.code).toBe('TRANSACTION_ESCAPED');
    expect(file.read('SELECT id FROM t')).toEqual([1, 2]);
  });

  test("by better-sqlite3's own transactions is not", async () => {
    const file = inMode('wal');
    await file.driver.transaction(file.target, recorded(), async ({ client }) => {
      const database = client as Database.Database;
      database.transaction(() => database.exec("INSERT INTO t VALUES (3, 'c')"))();
      expect(() =>
        database.transaction(() => {
          database.exec('DELETE FROM t');
          throw new Error('inner');
        })(),
      ).toThrow('inner');
    });
    expect(file.read('SELECT id FROM t')).toEqual([1, 2, 3]);
  });
});

describe('an observed branch', () => {
  test.each(modes)('may be open in user code, before and after, idle or in a transaction (%s)', async (mode) => {
    const file = inMode(mode);
    const idle = new Database(file.path, { timeout: 0 });
    idle.prepare('SELECT * FROM t').all();
    await using observer = await file.driver.observe(file.target);
    await observer.begin();
    const later = new Database(file.path, { timeout: 0 });
    later.exec(
      "BEGIN; UPDATE t SET v = 'x' WHERE id = 1; COMMIT; CREATE TEMP TABLE mine (a); CREATE TEMP TRIGGER g AFTER DELETE ON t BEGIN INSERT INTO mine VALUES (old.id); END",
    );
    idle.exec('DELETE FROM t WHERE id = 2');
    const { tables } = await observer.finish(undefined);
    expect(tables).toMatchObject([{ table: 't', rowsGone: 1, valuesChanged: { v: 1 } }]);
    // What is held until then would let the WAL grow.
    expect(idle.pragma('wal_checkpoint(TRUNCATE)')).toMatchObject([{ busy: 0 }]);
    later.close();
    idle.close();
  });

  test('is waited for while somebody reads it in rollback-journal mode', async () => {
    const file = inMode('delete');
    const application = await startApplication(file.target);
    await application.run(reading);
    const observing = file.driver.observe(file.target);
    await application.run('SELECT 1');
    await application.run('COMMIT');
    await using observer = await observing;
    await observer.begin();
    await application.run('DELETE FROM t');
    expect((await observer.finish(undefined)).tables).toMatchObject([{ table: 't', rowsGone: 2 }]);
    await application.end();
  });

  test('shows what was committed, and nothing of a transaction that is still open', async () => {
    const file = inMode('delete');
    await using observer = await file.driver.observe(file.target);
    await observer.begin();
    const application = await startApplication(file.target);
    await application.run('BEGIN; DELETE FROM t WHERE id = 1');
    expect((await observer.finish(undefined)).tables).toMatchObject([{ table: 't', rowsGone: 0, changed: false }]);
    await application.end();
  });

  test('keeps what it was through VACUUM and everything dropped', async () => {
    const file = inMode('delete');
    const { table } = await file.observe('DROP TABLE t; VACUUM; CREATE TABLE t (id INTEGER PRIMARY KEY, v); VACUUM');
    expect(table('t')).toMatchObject({ rowsBefore: 2, rowsAfter: 0, rowsGone: 2 });
  });

  test('is left in a state from which it can be copied as one file', async () => {
    const file = inMode('delete');
    await file.observe("INSERT INTO t VALUES (3, 'c')");
    expect([existsSync(`${file.path}-wal`), existsSync(`${file.path}-shm`)]).toEqual([false, false]);
    expect(file.read('SELECT id FROM t')).toEqual([1, 2, 3]);
  });
});

describe('numbers that a JavaScript number cannot hold', () => {
  test('come back as they are, and all others as numbers', async () => {
    const file = newFile(
      'CREATE TABLE t (a); INSERT INTO t VALUES (9007199254740991), (9007199254740993), (-9223372036854775808), (1.5)',
    );
    await using connection = await file.driver.open(file.target);
    const expected = [9007199254740991, 9007199254740993n, -9223372036854775808n, 1.5];
    expect((await connection.query('SELECT a FROM t')).map(({ a }) => a)).toEqual(expected);
    const streamed: unknown[] = [];
    for await (const { a } of connection.rows('SELECT a FROM t')) streamed.push(a);
    expect(streamed).toEqual(expected);
  });
});
