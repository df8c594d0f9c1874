import { mkdirSync, readdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { sqlite } from '../../src/drivers/sqlite.ts';
import { up } from '../../src/index.ts';
import type { Copy } from '../../src/seams/provider.ts';
import type { Opened } from '../contracts/provider.ts';
import { duringNextBackup } from './fixtures/backups.ts';
import { beforeNextCopy } from './fixtures/copier.ts';
import { describeWithMounts, mountTmpfs, type Mount } from './fixtures/mounts.ts';
import { pathIn, sqliteWorld, type SqliteBench } from './fixtures/sqlite-bench.ts';

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

describeWithMounts('a full disk', [], () => {
  it.each(['wal', 'delete'] as const)(
    'is seen before copying, with what is needed and what is free: %s',
    async (journalMode) => {
      await using disk = await smallDisk(journalMode, 8);
      await disk.grow(5);
      await expect(disk.checkpoint()).rejects.toMatchObject({
        code: 'PROVIDER_FAILED',
        message: expect.stringMatching(/ did not fit, [\d.]+ MB are needed and [\d.]+ [kM]?B are free\./),
        next: expect.stringContaining('discard'),
      });
      expect(disk.copies()).toEqual([]);
    },
  );

  it.each(['wal', 'delete'] as const)('in the middle of copying leaves nothing behind: %s', async (journalMode) => {
    await using disk = await smallDisk(journalMode, 10);
    await disk.grow(3);
    beforeNextCopy(() => disk.fillUp());
    await expect(disk.checkpoint()).rejects.toMatchObject({
      code: 'PROVIDER_FAILED',
      message: expect.stringContaining('No room'),
    });
    expect(disk.copies()).toEqual([]);
    disk.freeAgain();
    expect((await disk.checkpoint()).bytes).toBeGreaterThan(3_000_000);
  });

  it('leaves nothing empty behind beside main, by the lock and the folder of it', async () => {
    await using disk = await smallDisk('delete', 4);
    const home = join(disk.bench.folder, '.forerun');
    disk.fillUp();
    const holder = { run: 'r', host: 'h', pid: process.pid, since: '' };
    const options = { holder, waitMs: 0, waiting: () => {}, signal: new AbortController().signal };
    const lock = (): Promise<AsyncDisposable> => sqlite().lock(disk.main.target, options);
    await expect(lock()).rejects.toMatchObject({ code: 'PROVIDER_FAILED' });
    disk.freeAgain();
    await (await lock())[Symbol.asyncDispose]();
    expect(readFileSync(join(home, '.gitignore'), 'utf8')).toBe('*\n');
    disk.fillUp();
    await expect(lock()).rejects.toMatchObject({ code: 'PROVIDER_FAILED' });
    expect(readdirSync(home).filter((name) => name.startsWith('lock.json.'))).toEqual([]);
  });

  it('is seen before a branch is copied', async () => {
    await using disk = await smallDisk('delete', 8);
    await disk.grow(2);
    await using checkpoint = await disk.bench.provider.checkpoint(disk.main.target, { label: 'base' });
    disk.fillUp();
    await expect(disk.bench.provider.branch(checkpoint, { label: 'b' })).rejects.toMatchObject({
      code: 'PROVIDER_FAILED',
    });
    expect(disk.copies()).toEqual([`${checkpoint.id}.db`, `${checkpoint.id}.json`]);
  });

  it('at a migration ends the run there, and leaves main as it was', async () => {
    await using disk = await smallDisk('delete', 16);
    await disk.grow(1);
    const migrations = join(disk.bench.folder, 'migrations');
    mkdirSync(migrations);
    writeFileSync(join(migrations, '001_small.sql'), 'CREATE TABLE small (a);');
    writeFileSync(join(migrations, '002_large.sql'), 'INSERT INTO filler VALUES (randomblob(20000000));');
    writeFileSync(join(migrations, '003_never.sql'), 'CREATE TABLE never (a);');
    const before = await disk.main.read('SELECT * FROM sqlite_schema');
    const result = await up({ database: pathIn(disk.main.target), migrations }, { safe: true });
    expect(result).toMatchObject({ outcome: 'failed', exitCode: 1, error: { code: 'PROVIDER_FAILED' } });
    expect(result.migrations.map(({ outcome }) => outcome)).toEqual(['passed', 'failed', 'not-reached']);
    const isOurs = (row: readonly unknown[]): boolean => String(row[2]).startsWith('_');
    expect((await disk.main.read('SELECT * FROM sqlite_schema')).filter((row) => !isOurs(row))).toEqual(before);
  });

  it.each(['wal', 'delete'] as const)(
    'before or in the middle of a promotion leaves main as it was: %s',
    async (journalMode) => {
      await using disk = await smallDisk(journalMode, 16);
      await disk.grow(2);
      const { provider } = disk.bench;
      await using checkpoint = await provider.checkpoint(disk.main.target, { label: 'base' });
      const branch = await provider.branch(checkpoint, { label: 'b' });
      disk.fillUp();
      const early = provider.promote?.(branch, checkpoint);
      await expect(early).rejects.toMatchObject({
        code: 'PROVIDER_FAILED',
        message: expect.stringContaining('No room'),
      });
      disk.freeAgain();

      duringNextBackup(pathIn(disk.main.target), () => disk.fillUp());
      const late = provider.promote?.(branch, checkpoint);
      await expect(late).rejects.toMatchObject({ code: 'PROVIDER_FAILED', message: expect.stringContaining('full') });
      disk.freeAgain();
      expect(await disk.main.read('PRAGMA integrity_check')).toEqual([['ok']]);
      expect(await provider.moved(checkpoint)).toBe(false);
      await provider.promote?.(branch, checkpoint);
    },
  );
});

interface Disk extends AsyncDisposable {
  readonly bench: SqliteBench;
  readonly main: Opened;
  /** Makes main larger, by about so many million bytes. */
  grow(million: number): Promise<void>;
  checkpoint(): Promise<Copy>;
  copies(): string[];
  fillUp(): void;
  freeAgain(): void;
}

/** A main on a disk of so many MiB. */
async function smallDisk(journalMode: 'wal' | 'delete', size: number): Promise<Disk> {
  const mount: Mount = mountTmpfs(`${size}m`);
  const bench = await sqliteWorld({ journalMode, folder: mount.folder });
  const main = await bench.makeMain();
  await main.write('CREATE TABLE filler (body BLOB)');
  const ballast = join(mount.folder, 'ballast');
  return {
    bench,
    main,
    async grow(million) {
      for (let i = 0; i < million * 4; i++) {
        await main.write('INSERT INTO filler VALUES (randomblob(250000))');
        await main.read('PRAGMA wal_checkpoint(TRUNCATE)');
      }
    },
    async checkpoint() {
      const checkpoint = await bench.provider.checkpoint(main.target, { label: 'base' });
      await checkpoint[Symbol.asyncDispose]();
      return checkpoint;
    },
    copies: () => readdirSync(join(bench.folder, '.forerun', 'copies')).toSorted(),
    fillUp() {
      const { bavail, bsize } = statfsSync(mount.folder);
      writeFileSync(ballast, Buffer.alloc(bavail * bsize), { flag: 'a' });
    },
    freeAgain: () => rmSync(ballast),
    async [Symbol.asyncDispose]() {
      await main.close();
      mount.unmount();
    },
  };
}
