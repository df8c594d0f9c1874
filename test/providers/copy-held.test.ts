import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { openSqlite, sqliteWorld, startRival, victim } from './fixtures/sqlite-bench.ts';

describe('holding writers off', () => {
  it('lets a migration in another process, which never waits for a lock, write the branch', async () => {
    await using bench = await sqliteWorld({ journalMode: 'wal' });
    const main = await bench.makeMain();
    await main.write('CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT)');
    await using checkpoint = await bench.provider.checkpoint(main.target, { label: 'base' });
    const branch = await bench.provider.branch(checkpoint, { label: 'b' });
    await bench.provider.promoteHeld?.(branch, main.target, async () => {
      const migration = await startRival(branch.target);
      for (let i = 0; i < 200; i++)
        await migration.write(`CREATE TABLE t${i} (a INTEGER); INSERT INTO t${i} VALUES (${i})`);
      await migration.end();
    });
    expect(await main.read('SELECT a FROM t199')).toEqual([[199]]);
    expect(await main.read('PRAGMA integrity_check')).toEqual([['ok']]);
    expect(await main.read('PRAGMA journal_mode')).toEqual([['wal']]);
    await main.close();
  });

  it('takes into the branch what was written since it was made, and what a migration put in another mode', async () => {
    await using bench = await sqliteWorld({ journalMode: 'wal' });
    const main = await bench.makeMain();
    await main.write('CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT)');
    await using checkpoint = await bench.provider.checkpoint(main.target, { label: 'base' });
    const branch = await bench.provider.branch(checkpoint, { label: 'b' });
    const opened = openSqlite(branch.target);
    await opened.read('PRAGMA journal_mode = DELETE');
    await opened.close();
    await main.write("INSERT INTO notes (body) VALUES ('since')");
    await bench.provider.promoteHeld?.(branch, main.target, async () => {
      const again = openSqlite(branch.target);
      expect(await again.read('SELECT body FROM notes')).toEqual([['since']]);
      await again.write('ALTER TABLE notes ADD COLUMN extra TEXT');
      await again.close();
    });
    expect(await main.read('SELECT body, extra FROM notes')).toEqual([['since', null]]);
    await main.close();
  });

  it('does not empty main where the branch has no page at all', async () => {
    await using bench = await sqliteWorld({ journalMode: 'delete' });
    const main = await bench.makeMain();
    await using checkpoint = await bench.provider.checkpoint(main.target, { label: 'base' });
    const branch = await bench.provider.branch(checkpoint, { label: 'b' });
    await main.read('PRAGMA journal_mode = WAL');
    await main.write('CREATE TABLE theirs (a INTEGER); INSERT INTO theirs VALUES (1)');
    await bench.provider.promoteHeld?.(branch, main.target, async () => {
      expect(await main.read('SELECT a FROM theirs')).toEqual([[1]]);
      const opened = openSqlite(branch.target);
      await opened.write('CREATE TABLE t (a INTEGER)');
      await opened.close();
    });
    expect(await main.read('SELECT count(*) FROM t')).toEqual([[0]]);
    expect(await main.read('SELECT a FROM theirs')).toEqual([[1]]);
    await main.close();
  });

  it('gives up on a main that somebody else keeps locked', async () => {
    await using bench = await sqliteWorld({ journalMode: 'wal', lockWaitMs: 200 });
    const main = await bench.makeMain();
    await main.write('CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT)');
    await using checkpoint = await bench.provider.checkpoint(main.target, { label: 'base' });
    const branch = await bench.provider.branch(checkpoint, { label: 'b' });
    const rival = await startRival(main.target);
    await rival.write('BEGIN IMMEDIATE');
    const rehearsed: string[] = [];
    const promotion = bench.provider.promoteHeld?.(branch, main.target, async () => void rehearsed.push('yes'));
    await expect(promotion).rejects.toMatchObject({ code: 'LOCKED' });
    expect(rehearsed).toEqual([]);
    await rival.end();
    await main.close();
  });

  it('ends with the process that held them: main is as it was and is written again', { timeout: 20_000 }, async () => {
    await using bench = await sqliteWorld({ journalMode: 'wal' });
    const main = await bench.makeMain();
    await main.write(
      "CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT); INSERT INTO notes (body) VALUES ('first')",
    );
    const rival = await startRival(main.target);
    const order = JSON.stringify({ target: main.target, kind: 'held', label: 'b' });
    const holder = spawn(process.execPath, [victim, order], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(holder.stdout, 'data');
    await expect(rival.write("INSERT INTO notes (body) VALUES ('held off')")).rejects.toThrow('SQLITE_BUSY');
    expect(await rival.read('SELECT body FROM notes')).toEqual([['first']]);
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    await rival.write("INSERT INTO notes (body) VALUES ('again')");
    expect(await rival.read('SELECT body FROM notes')).toEqual([['first'], ['again']]);
    expect(await rival.read('PRAGMA integrity_check')).toEqual([['ok']]);
    await rival.end();
    await main.close();
  });
});
