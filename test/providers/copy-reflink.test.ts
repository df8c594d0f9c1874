import { statfsSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { copy } from '../../src/providers/copy.ts';
import { providerContract, type Opened } from '../contracts/provider.ts';
import { describeWithMounts, mountXfs, type Mount } from './fixtures/mounts.ts';
import { openSqlite, pathIn, sqliteWorld, startRival, type SqliteBench } from './fixtures/sqlite-bench.ts';

describeWithMounts('a file system with reflinks', ['mkfs.xfs'], () => {
  let mount: Mount;
  beforeAll(() => {
    mount = mountXfs();
  });
  afterAll(() => mount.unmount());

  const free = (): number => {
    const { bfree, bsize } = statfsSync(mount.folder);
    return bfree * bsize;
  };

  providerContract('copy by reflink', copy(), () => sqliteWorld({ journalMode: 'wal', folder: mount.folder }));

  describe.each(['wal', 'delete'] as const)('in journal mode %s', (journalMode) => {
    const path = process.env['PATH'];
    let bench: SqliteBench;
    let main: Opened;
    afterEach(async () => {
      process.env['PATH'] = path;
      await main.close();
      await bench[Symbol.asyncDispose]();
    });
    const begin = async (): Promise<void> => {
      bench = await sqliteWorld({ journalMode, folder: mount.folder });
      main = await bench.makeMain();
      await main.write('CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT); CREATE TABLE filler (body BLOB)');
    };
    it('shares the blocks of main and of checkpoints, and says so', async () => {
      await begin();
      for (let i = 0; i < 30; i++) await main.write('INSERT INTO filler VALUES (randomblob(1000000))');
      await main.read('PRAGMA wal_checkpoint(TRUNCATE)');
      const before = free();
      expect(await bench.provider.estimate(main.target)).toMatchObject({ way: 'reflink', bytes: 0 });
      await using checkpoint = await bench.provider.checkpoint(main.target, { label: 'base' });
      const branch = await bench.provider.branch(checkpoint, { label: 'b' });
      const child = await bench.provider.branch(branch, { label: 'c' });
      const snapshot = await bench.provider.snapshot(branch, { label: 's' });
      expect([checkpoint.way, branch.way, child.way, snapshot.way]).toEqual([
        'reflink',
        'reflink',
        'reflink',
        'reflink',
      ]);
      expect(checkpoint.bytes).toBeGreaterThan(30_000_000);
      expect(before - free()).toBeLessThan(10_000_000);
    });

    it('holds a state between two writes of an application that never stops, whenever it is taken', async () => {
      await begin();
      await main.write('PRAGMA wal_autocheckpoint = 5');
      const rival = await startRival(main.target, 1000);
      await rival.write('PRAGMA wal_autocheckpoint = 5');
      await rival.hammer({ reads: true, onceLocked: false });
      let last = 0;
      for (let i = 0; i < 10; i++) {
        await using checkpoint = await bench.provider.checkpoint(main.target, { label: `${i}` });
        expect(checkpoint.way).toBe('reflink');
        const copied = openSqlite(checkpoint.target);
        expect(await copied.read('PRAGMA integrity_check')).toEqual([['ok']]);
        const [row] = await copied.read('SELECT count(*), coalesce(max(id), 0) FROM notes');
        await copied.close();
        expect(row?.[0]).toBe(row?.[1]);
        expect(Number(row?.[0])).toBeGreaterThanOrEqual(last);
        last = Number(row?.[0]);
        await bench.provider.discard(checkpoint);
      }
      const { acknowledged } = await rival.stop();
      expect(last).toBeGreaterThan(0);
      expect(await main.read('SELECT count(*) FROM notes')).toEqual([[acknowledged.length]]);
      await rival.end();
    });

    it('takes the backup, and says so, where the copying program does not work', async () => {
      await begin();
      await main.write("INSERT INTO notes (body) VALUES ('here')");
      process.env['PATH'] = '/nowhere';
      await using checkpoint = await bench.provider.checkpoint(main.target, { label: 'base' });
      expect(checkpoint.way).toBe('backup');
      const copied = openSqlite(checkpoint.target);
      expect(await copied.read('SELECT body FROM notes')).toEqual([['here']]);
      await copied.close();
      expect(pathIn(checkpoint.target)).toContain('.forerun');
    });
  });
});

describe('a file system without reflinks', () => {
  it('is told by trying, and named truthfully', async () => {
    await using bench = await sqliteWorld({ journalMode: 'wal' });
    const main = await bench.makeMain();
    await using checkpoint = await bench.provider.checkpoint(main.target, { label: 'base' });
    const branch = await bench.provider.branch(checkpoint, { label: 'b' });
    const { way } = await bench.provider.estimate(main.target);
    expect([checkpoint.way, branch.way]).toEqual(way === 'reflink' ? ['reflink', 'reflink'] : [way, 'copy']);
    await main.close();
  });
});
