import { copyFileSync, readFileSync, renameSync } from 'node:fs';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Branch, Checkpoint, Provider } from '../../src/seams/provider.ts';
import type { Opened } from '../contracts/provider.ts';
import { beforeNextBackup, duringNextBackup } from './fixtures/backups.ts';
import { beforeNextCopy } from './fixtures/copier.ts';
import { openSqlite, pathIn, sqliteWorld, startRival, type SqliteBench } from './fixtures/sqlite-bench.ts';

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

describe.each(['wal', 'delete'] as const)('swapping a main in journal mode %s', (journalMode) => {
  let bench: SqliteBench;
  let provider: Provider;
  let main: Opened;
  let path: string;
  let checkpoint: Checkpoint;
  let branch: Branch;

  beforeEach(async () => {
    bench = await sqliteWorld({ journalMode, lockWaitMs: 400 });
    provider = bench.provider;
    main = await bench.makeMain();
    path = pathIn(main.target);
    await main.write(
      "CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT); INSERT INTO notes (body) VALUES ('first')",
    );
    checkpoint = await provider.checkpoint(main.target, { label: 'base' });
    branch = await provider.branch(checkpoint, { label: 'b' });
    await onBranch('CREATE TABLE added (a INTEGER)');
  });
  afterEach(async () => {
    await checkpoint[Symbol.asyncDispose]();
    await main.close();
    await bench[Symbol.asyncDispose]();
  });

  const onBranch = async (...statements: readonly string[]): Promise<void> => {
    const opened = openSqlite(branch.target);
    for (const sql of statements) await opened.write(sql);
    await opened.close();
  };
  const promote = (): Promise<void> => provider.promote?.(branch, checkpoint) ?? Promise.reject(new Error('cannot'));
  const tables = async (): Promise<unknown[]> =>
    (await main.read("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")).flat();

  it('is refused where a rival writes between the last look and the lock', async () => {
    const rival = await startRival(main.target);
    beforeNextBackup(path, () => rival.write("INSERT INTO notes (body) VALUES ('rival')"));
    await expect(promote()).rejects.toMatchObject({ code: 'STALE_BRANCH' });
    expect(await main.read('SELECT body FROM notes')).toEqual([['first'], ['rival']]);
    expect(await tables()).toEqual(['notes']);
    await rival.end();
  });

  it('waits for a lock that is let go, and gives up on one that is not', async () => {
    const rival = await startRival(main.target);
    await rival.write('BEGIN EXCLUSIVE');
    await expect(promote()).rejects.toMatchObject({ code: 'LOCKED' });
    const promotion = promote();
    await new Promise((resolve) => setTimeout(resolve, 100));
    await rival.write('ROLLBACK');
    await promotion;
    expect(await tables()).toEqual(['added', 'notes']);
    await rival.end();
  });

  it.each(['wal', 'delete'])("keeps main's journal mode where somebody put the branch in mode %s", async (mode) => {
    const rival = await startRival(main.target);
    await rival.read('SELECT * FROM notes');
    const opened = openSqlite(branch.target);
    expect(await opened.read(`PRAGMA journal_mode = ${mode}`)).toEqual([[mode]]);
    await opened.close();
    await promote();

    await rival.write("INSERT INTO notes (body) VALUES ('rival')");
    expect(await rival.read('PRAGMA journal_mode')).toEqual([[journalMode]]);
    await rival.end();
    await main.close();
    main = openSqlite(main.target);
    expect(await main.read('PRAGMA journal_mode')).toEqual([[journalMode]]);
    expect(await main.read('PRAGMA integrity_check')).toEqual([['ok']]);
    expect(await tables()).toEqual(['added', 'notes']);
    const format = journalMode === 'wal' ? 2 : 1;
    await closedForGood();
    expect([...readFileSync(path).subarray(18, 20)]).toEqual([format, format]);
  });

  /** This process may read main's bytes only when it has no connection to it. */
  const closedForGood = async (): Promise<void> => {
    await checkpoint[Symbol.asyncDispose]();
    await main.close();
  };

  it('refuses a branch with another page size, and leaves main as it was', async () => {
    await onBranch('PRAGMA journal_mode = DELETE', 'PRAGMA page_size = 8192', 'VACUUM');
    await expect(promote()).rejects.toMatchObject({
      code: 'PROVIDER_FAILED',
      message: expect.stringContaining('8192'),
    });
    expect(await provider.moved(checkpoint)).toBe(false);
    expect(await tables()).toEqual(['notes']);
  });

  it('is refused where a branch of no pages at all would empty what a rival wrote', async () => {
    const empty = await sqliteWorld({ journalMode: 'delete' });
    const blank = await empty.makeMain();
    await using before = await empty.provider.checkpoint(blank.target, { label: 'blank' });
    const same = await empty.provider.branch(before, { label: 'same' });
    const rival = await startRival(blank.target);
    beforeNextBackup(pathIn(blank.target), () => rival.write('CREATE TABLE theirs (a INTEGER)'));
    await expect(empty.provider.promote?.(same, before)).rejects.toMatchObject({ code: 'STALE_BRANCH' });
    expect(await rival.read('SELECT name FROM sqlite_schema')).toEqual([['theirs']]);
    await rival.end();
    await blank.close();
    await empty[Symbol.asyncDispose]();
  });

  it('takes a main that is another file by now for one that moved', async () => {
    await main.close();
    const opened = openSqlite(checkpoint.target);
    await opened.read('SELECT 1');
    await opened.close();
    copyFileSync(pathIn(checkpoint.target), `${path}.new`);
    renameSync(`${path}.new`, path);
    main = openSqlite(main.target);
    expect(await provider.moved(checkpoint)).toBe(true);
    await expect(promote()).rejects.toMatchObject({ code: 'STALE_BRANCH' });
    expect(await tables()).toEqual(['notes']);
  });

  it('knows the version of the very state that was copied, whoever writes in the middle of copying', async () => {
    await main.write(`INSERT INTO notes (body) SELECT hex(randomblob(2000)) FROM json_each('[${'1,'.repeat(999)}1]')`);
    const rival = await startRival(main.target, 5000);
    const written: Promise<void>[] = [];
    const write = (): void => {
      if (written.length === 0) written.push(rival.write("INSERT INTO notes (body) VALUES ('in the middle')"));
    };
    // A main whose WAL is not empty is copied by the backup API, any other as a file.
    duringNextBackup('.db', ({ remainingPages, totalPages }) => remainingPages <= totalPages / 2 && write());
    beforeNextCopy(write);
    await using middle = await provider.checkpoint(main.target, { label: 'middle' });
    await Promise.all(written);
    expect(written).toHaveLength(1);
    const copied = openSqlite(middle.target);
    expect(await copied.read("SELECT count(*) FROM notes WHERE body = 'in the middle'")).toEqual([[0]]);
    expect(await copied.read('SELECT count(*) FROM notes')).toEqual([[1001]]);
    await copied.close();
    expect(await provider.moved(middle)).toBe(true);
    await rival.end();
  });

  it('leaves no large WAL behind', async () => {
    await onBranch(`INSERT INTO notes (body) SELECT hex(randomblob(2000)) FROM json_each('[${'1,'.repeat(999)}1]')`);
    await promote();
    const [wal] = await main.read('PRAGMA wal_checkpoint(PASSIVE)');
    expect(Number(wal?.[1])).toBeLessThan(10);
  });
});

describe('a change of the journal mode', () => {
  it('counts as a move of main', async () => {
    await using bench = await sqliteWorld({ journalMode: 'delete' });
    const main = await bench.makeMain();
    await main.write('CREATE TABLE notes (a INTEGER)');
    await using checkpoint = await bench.provider.checkpoint(main.target, { label: 'base' });
    const branch = await bench.provider.branch(checkpoint, { label: 'b' });
    const rival = await startRival(main.target);
    await rival.read('PRAGMA journal_mode = WAL');
    await rival.write('INSERT INTO notes VALUES (1)');
    await rival.end();
    expect(await bench.provider.moved(checkpoint)).toBe(true);
    await expect(bench.provider.promote?.(branch, checkpoint)).rejects.toMatchObject({ code: 'STALE_BRANCH' });
    expect(await main.read('SELECT * FROM notes')).toEqual([[1]]);
    await main.close();
  });

  it('cannot happen to a main in WAL mode between checkpoint and promotion', async () => {
    await using bench = await sqliteWorld({ journalMode: 'wal' });
    const main = await bench.makeMain();
    await main.write('CREATE TABLE notes (a INTEGER)');
    await main.close();
    await using checkpoint = await bench.provider.checkpoint(main.target, { label: 'base' });
    const rival = await startRival(main.target);
    await expect(rival.read('PRAGMA journal_mode = DELETE')).rejects.toThrow('SQLITE_BUSY');
    await rival.end();
    expect(await bench.provider.moved(checkpoint)).toBe(false);
  });
});

describe('an application with functions of its own in its schema', () => {
  it('has its database copied and swapped though the functions are unknown here', async () => {
    await using bench = await sqliteWorld({ journalMode: 'wal' });
    const main = await bench.makeMain();
    const application = new Database(pathIn(main.target));
    application.function('shout', { deterministic: true }, (text: unknown) => `${String(text)}!`);
    application.exec(
      'CREATE TABLE t (a TEXT, b TEXT AS (shout(a)) STORED, CHECK (shout(a) > 0)); CREATE INDEX i ON t (shout(a))',
    );
    application.exec("INSERT INTO t (a) VALUES ('x')");
    await using checkpoint = await bench.provider.checkpoint(main.target, { label: 'base' });
    const branch = await bench.provider.branch(checkpoint, { label: 'b' });
    const opened = openSqlite(branch.target);
    await opened.write('CREATE TABLE u (a INTEGER)');
    await opened.close();
    await bench.provider.promote?.(branch, checkpoint);
    expect(application.prepare('SELECT b FROM t').raw().all()).toEqual([['x!']]);
    expect(application.prepare('SELECT count(*) FROM u').raw().all()).toEqual([[0]]);
    application.close();
    await main.close();
  });
});
