import Database from 'better-sqlite3';
import { describe, expect, onTestFinished, test } from 'vitest';
import { givingWay } from '../../src/drivers/sqlite/give-way.ts';
import type { Attempt } from '../../src/seams/source.ts';
import type { Application } from '../contracts/driver.ts';
import type { Recorded } from '../contracts/driver/world.ts';
import { failure, newFile, recorded, type SqliteFile } from './fixtures/sqlite-file.ts';
import { startApplication } from './fixtures/sqlite-processes.ts';

/** The keys of `c` cannot be checked, which is noted while a script runs. */
const seed = `CREATE TABLE t (id INTEGER PRIMARY KEY, v); INSERT INTO t VALUES (1, 'a');
  CREATE TABLE p (v); CREATE TABLE c (v REFERENCES p(v))`;
const script = "PRAGMA foreign_keys = OFF; INSERT INTO t VALUES (2, 'b'); INSERT INTO c VALUES ('a')";
const history = { version: '1', name: '001', appliedOn: '2026-11-20T10:00:00.000Z', checksum: 'sha256:1' };

interface Beside {
  readonly file: SqliteFile;
  /** Reads from the moment when only the COMMIT is left, until told to COMMIT. */
  readonly reader: Application;
  /** Whether another program that begins to read now is let in. */
  letIn(): Promise<string>;
  readonly told: string[];
  readonly attempt: Recorded;
  /** When it has waited for a second; at the latest when it ends. */
  waits(applied: Promise<unknown>): Promise<unknown>;
}

async function beside(own: Partial<Attempt> = {}): Promise<Beside> {
  const file = newFile(seed);
  const [reader, other] = await Promise.all([application(file), application(file)]);
  const told: string[] = [];
  let tell = (): void => {};
  const waits = new Promise<void>((resolve) => (tell = resolve));
  const attempt = recorded({
    ...own,
    async beforeCommit(session) {
      await file.driver.history(session).record(history, 'text');
      if (attempt.steps.filter((step) => step === 'beforeCommit').length === 1)
        await reader.run('BEGIN; SELECT * FROM t');
    },
    waiting(message) {
      told.push(message);
      tell();
    },
  });
  const letIn = (): Promise<string> =>
    other.run('SELECT * FROM t').then(
      () => 'let in',
      (error: Error) => error.message,
    );
  return { file, reader, letIn, told, attempt, waits: (applied) => Promise.race([waits, applied]) };
}

/** A process of its own. */
async function application(file: SqliteFile): Promise<Application> {
  const started = await startApplication(file.target);
  onTestFinished(() => started.end());
  return started;
}

const said = 'Another program has the database locked (waiting for readers, to commit); waiting for up to 30 s.';
const begunAnew = 'Begun 2 times, because others were reading when it was to be committed.';

describe('in rollback-journal mode, a commit that meets somebody who reads', () => {
  test('of a script, lets new readers in, and is on the database once when they are done', async () => {
    const { file, reader, letIn, told, attempt, waits } = await beside();
    let done = false;
    const applied = file.driver
      .script(script, 'm.sql')(file.target, attempt)
      .then(() => (done = true));
    await waits(applied);
    await expect.poll(letIn).toBe('let in');
    await expect.poll(letIn).toBe('let in');
    expect(done).toBe(false);
    await reader.run('COMMIT');
    await applied;
    expect(file.read('SELECT id FROM t')).toEqual([1, 2]);
    expect(file.read('SELECT count(*) FROM c')).toEqual([1]);
    expect(file.read('SELECT name FROM _schema_history')).toEqual(['001']);
    expect(attempt.steps.filter((step) => step !== 'statement')).toEqual([
      'afterBegin',
      'beforeCommit',
      'afterBegin',
      'beforeCommit',
    ]);
    // What was done again is told once.
    expect(told).toEqual([said]);
    expect(attempt.statements.map(({ sql }) => sql.slice(0, 13))).toEqual(['INSERT INTO t', 'INSERT INTO c']);
    expect(attempt.notes.filter((note) => note.includes('cannot be checked'))).toHaveLength(1);
    expect(new Set(attempt.notes).size).toBe(attempt.notes.length);
    expect(attempt.notes.at(-1)).toBe(begunAnew);
  });

  test('of a transaction of our own, lets new readers in as well', async () => {
    const { file, reader, letIn, told, attempt, waits } = await beside({ repeatable: true });
    const applied = file.driver.transaction(file.target, attempt, async (session) => {
      await session.query("INSERT INTO t VALUES (2, 'b')");
    });
    await waits(applied);
    await expect.poll(letIn).toBe('let in');
    await reader.run('COMMIT');
    await applied;
    expect(file.read('SELECT id FROM t')).toEqual([1, 2]);
    expect(file.read('SELECT name FROM _schema_history')).toEqual(['001']);
    expect([told, attempt.notes]).toEqual([[said], [begunAnew]]);
  });

  test('lets other writers in, too, and begins anew from what they have left', async () => {
    const { file, reader, attempt, waits } = await beside();
    const writer = await application(file);
    const applied = file.driver.script('INSERT INTO t SELECT id + 10, v FROM t')(file.target, attempt);
    await waits(applied);
    await expect.poll(() => writer.run('BEGIN IMMEDIATE').then(() => 'let in', String)).toBe('let in');
    await writer.run("INSERT INTO t VALUES (7, 'g')");
    await reader.run('COMMIT');
    await writer.run('COMMIT');
    await applied;
    expect(file.read('SELECT id FROM t')).toEqual([1, 7, 11, 17]);
    expect(file.read('SELECT name FROM _schema_history')).toEqual(['001']);
  });

  test('leaves the database untouched where it is interrupted meanwhile', async () => {
    const { file, reader, letIn, attempt, waits } = await beside();
    const failed = failure(file.driver.script(script)(file.target, attempt));
    await waits(failed);
    attempt.controller.abort();
    expect((await failed).name).toBe('AbortError');
    await expect(letIn()).resolves.toBe('let in');
    await reader.run('COMMIT');
    await reader.run("INSERT INTO t VALUES (3, 'c')");
    expect(file.read('SELECT id FROM t')).toEqual([1, 3]);
    expect(file.read("SELECT name FROM sqlite_schema WHERE name = '_schema_history'")).toEqual([]);
  });

  test('is not done again where it is code, whose effects may be elsewhere', async () => {
    const { file, reader, letIn, attempt, waits } = await beside();
    const applied = file.driver.transaction(file.target, attempt, async (session) => {
      await session.query("INSERT INTO t VALUES (2, 'b')");
    });
    await waits(applied);
    await expect(letIn()).resolves.toContain('SQLITE_BUSY');
    await reader.run('COMMIT');
    await applied;
    expect(attempt.steps).toEqual(['afterBegin', 'beforeCommit']);
    expect(file.read('SELECT id FROM t')).toEqual([1, 2]);
  });

  test.each<[string, number]>([
    ['PRAGMA recursive_triggers = ON', 1],
    ['PRAGMA user_version = 4', 2],
    ['PRAGMA foreign_key_check(t)', 2],
  ])('is of a script with "%s" begun %i times: a setting would hold for what is before it', async (pragma, times) => {
    const { file, reader, attempt, waits } = await beside();
    const applied = file.driver.script(`INSERT INTO t VALUES (2, 'b'); ${pragma}`)(file.target, attempt);
    await waits(applied);
    await reader.run('COMMIT');
    await applied;
    expect(attempt.steps.filter((step) => step === 'afterBegin')).toHaveLength(times);
    expect(file.read('SELECT id FROM t')).toEqual([1, 2]);
  });

  test('is begun once where a trigger asks what was written before: a rollback does not take that back', async () => {
    const { file, reader, letIn, attempt, waits } = await beside();
    file.run(`CREATE TABLE log (asked);
      CREATE TRIGGER asks AFTER UPDATE ON t BEGIN INSERT INTO log VALUES (last_insert_rowid()); END`);
    const applied = file.driver.script("UPDATE t SET v = 'z'; INSERT INTO t VALUES (2, 'b')")(file.target, attempt);
    await waits(applied);
    await expect(letIn()).resolves.toContain('SQLITE_BUSY');
    await reader.run('COMMIT');
    await applied;
    expect(attempt.steps.filter((step) => step === 'afterBegin')).toHaveLength(1);
    expect(file.read('SELECT asked FROM log')).toEqual([0]);
  });
});

describe('giving way to readers', () => {
  const patience = { what: 'waiting for readers, to commit' };
  const writing = async (): Promise<{ database: Database.Database; reader: Application; file: SqliteFile }> => {
    const file = newFile(seed);
    const reader = await application(file);
    await reader.run('BEGIN; SELECT * FROM t');
    const database = new Database(file.path, { timeout: 0 });
    onTestFinished(() => void database.close());
    return { database, reader, file };
  };
  const write = "BEGIN IMMEDIATE; INSERT INTO t VALUES (2, 'b')";

  test('ends at the limit, for all tries together, with the same words as ever', async () => {
    const { database, file } = await writing();
    const ending = givingWay(database, { ...patience, waitMs: 800 });
    database.exec(write);
    // Readers had almost all of the time; what is left of it is for one more try.
    await expect(ending()).resolves.toBe(false);
    expect(database.inTransaction).toBe(false);
    database.exec(write);
    const error = await failure(ending());
    expect(error).toMatchObject({ code: 'LOCKED', cause: { code: 'SQLITE_BUSY' } });
    expect(error.message).toBe(
      'The database stayed locked by another process for 0.8 s: waiting for readers, to commit.',
    );
    database.exec('ROLLBACK');
    expect(file.read('SELECT id FROM t')).toEqual([1]);
  });

  test('ends before the limit, for readers who follow each other without a gap', async () => {
    const { database, reader, file } = await writing();
    const ending = givingWay(database, { ...patience, waitMs: 8000 });
    database.exec(write);
    await expect(ending()).resolves.toBe(false);
    database.exec(write);
    const committed = ending();
    // It keeps out whoever comes after this one.
    await reader.run('COMMIT');
    await expect(committed).resolves.toBe(true);
    expect(file.read('SELECT id FROM t')).toEqual([1, 2]);
  });

  test('asks whether anybody reads without a lock that stays, whatever busy timeout was set', async () => {
    const { database, reader, file } = await writing();
    database.pragma('busy_timeout = 2000');
    const other = await application(file);
    const ending = givingWay(database, patience);
    database.exec(write);
    const answer = ending();
    await expect.poll(() => other.run('SELECT * FROM t').then(() => database.inTransaction)).toBe(false);
    await other.run('SELECT * FROM t');
    await reader.run('COMMIT');
    await expect(answer).resolves.toBe(false);
    expect(file.read('SELECT id FROM t')).toEqual([1]);
  });
});
