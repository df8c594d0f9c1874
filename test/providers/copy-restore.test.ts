import { rmSync, statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openSqlite, pathIn, sqliteWorld, startRival } from './fixtures/sqlite-bench.ts';

const modes = [
  ['wal', 'delete'],
  ['delete', 'wal'],
] as const;

describe('restoring', () => {
  it.each(modes)('keeps the journal mode that main has now: checkpoint in %s, main in %s', async (before, now) => {
    await using bench = await sqliteWorld({ journalMode: before });
    const main = await bench.makeMain();
    await main.write('CREATE TABLE notes (a INTEGER)');
    const checkpoint = await bench.provider.checkpoint(main.target, { label: 'good' });
    await checkpoint[Symbol.asyncDispose]();
    await main.read(`PRAGMA journal_mode = ${now}`);
    const rival = await startRival(main.target);
    await rival.write('DROP TABLE notes');
    await bench.provider.restore?.(checkpoint, main.target);
    await rival.write('INSERT INTO notes VALUES (1)');
    expect(await rival.read('PRAGMA journal_mode')).toEqual([[now]]);
    await rival.end();
    expect(await main.read('PRAGMA integrity_check')).toEqual([['ok']]);
    await main.close();

    const copied = openSqlite(checkpoint.target);
    expect(await copied.read('PRAGMA journal_mode')).toEqual([[before]]);
    await copied.close();
  });

  it.each(['wal', 'delete'] as const)(
    'makes a main that is gone again, in the mode it had: %s',
    async (journalMode) => {
      await using bench = await sqliteWorld({ journalMode });
      const main = await bench.makeMain();
      await main.write('CREATE TABLE notes (a INTEGER); INSERT INTO notes VALUES (7)');
      await using checkpoint = await bench.provider.checkpoint(main.target, { label: 'good' });
      await main.close();
      await checkpoint[Symbol.asyncDispose]();
      rmSync(pathIn(main.target));
      await bench.provider.restore?.(checkpoint, main.target);
      expect(statSync(pathIn(main.target)).mode & 0o777).toBe(0o600);
      const again = openSqlite(main.target);
      expect(await again.read('SELECT a FROM notes')).toEqual([[7]]);
      expect(await again.read('PRAGMA journal_mode')).toEqual([[journalMode]]);
      await again.close();
    },
  );

  it.each(['wal', 'delete'] as const)('waits for a lock on main and gives up at the limit: %s', async (journalMode) => {
    await using bench = await sqliteWorld({ journalMode, lockWaitMs: 300 });
    const main = await bench.makeMain();
    await main.write('CREATE TABLE notes (a INTEGER)');
    await using checkpoint = await bench.provider.checkpoint(main.target, { label: 'good' });
    await main.write('INSERT INTO notes VALUES (1)');
    const rival = await startRival(main.target);
    await rival.write('BEGIN IMMEDIATE; INSERT INTO notes VALUES (2)');
    await expect(bench.provider.restore?.(checkpoint, main.target)).rejects.toMatchObject({ code: 'LOCKED' });
    expect(await main.read('SELECT a FROM notes')).toEqual([[1]]);
    const restoring = bench.provider.restore?.(checkpoint, main.target);
    await new Promise((resolve) => setTimeout(resolve, 50));
    await rival.write('COMMIT');
    await restoring;
    expect(await main.read('SELECT a FROM notes')).toEqual([]);
    await rival.end();
    await main.close();
  });

  it('does not put a checkpoint of one page size over a main of another', async () => {
    await using bench = await sqliteWorld({ journalMode: 'delete' });
    const main = await bench.makeMain();
    await main.write('CREATE TABLE notes (a INTEGER)');
    await using checkpoint = await bench.provider.checkpoint(main.target, { label: 'good' });
    await main.write('PRAGMA page_size = 8192');
    await main.write('VACUUM; INSERT INTO notes VALUES (1)');
    await expect(bench.provider.restore?.(checkpoint, main.target)).rejects.toMatchObject({
      code: 'PROVIDER_FAILED',
      message: expect.stringContaining('4096'),
    });
    expect(await main.read('SELECT a FROM notes')).toEqual([[1]]);
    await main.close();
  });
});
