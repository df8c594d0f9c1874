import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { sqlite } from '../dist/src/drivers/sqlite.js';
import { copy } from '../dist/src/providers/copy.js';
import { newFolder, placeDatabase } from './support/database.ts';
import type { Measured, Result } from './support/result.ts';
import { alternate, bothInWords, timed } from './support/times.ts';
import { mountXfs } from './support/xfs.ts';

const mostOfBackup = 1.2;
/** A reflink takes milliseconds; between two times of that size, less than twice is chance. */
const mostOfSmall = 2;

/** A checkpoint without reflinks against the bare backup API, at rest and beside an application; and with, for two sizes. */
export async function checkpoint(): Promise<Measured> {
  const results = [await against('copy'), await against('backup')];
  const volume = mountXfs('6G');
  if (typeof volume === 'string') return { results, leftOut: [`checkpoints by reflink: ${volume}`] };
  try {
    return { results: [...results, await byReflink(volume.folder)] };
  } finally {
    volume.unmount();
  }
}

/** A database that an application has written, and has open, has a WAL and is copied by the backup API. */
async function against(way: 'copy' | 'backup'): Promise<Result> {
  const folder = newFolder();
  const path = placeDatabase(folder, '1 GB');
  const application = way === 'backup' ? new Database(path) : undefined;
  application?.exec('UPDATE settings SET value = hex(randomblob(8))');
  const times = await alternate(5, {
    backup: () => bareBackup(path, join(folder, 'copy.db')),
    forerun: () => checkpointOf(path, way),
  });
  application?.close();
  rmSync(folder, { recursive: true });
  const ratio = times.forerun.min / times.backup.min;
  return {
    measured: `checkpoint of 1 GB, ${way === 'copy' ? 'at rest' : 'beside an application'}, by ${way}`,
    peer: `bare backup API ${bothInWords(times.backup)}`,
    forerun: bothInWords(times.forerun),
    comparison: `${ratio.toFixed(2)} times`,
    target: `≤ ${mostOfBackup} times`,
    met: ratio <= mostOfBackup,
  };
}

async function byReflink(folder: string): Promise<Result> {
  const [small, large] = (['100 MB', '1 GB'] as const).map((size) => {
    const own = join(folder, size.replace(' ', ''));
    mkdirSync(own);
    return placeDatabase(own, size);
  });
  if (small === undefined || large === undefined) throw new TypeError('no databases');
  execFileSync('sync', ['-f', folder]);
  const times = await alternate(7, {
    small: () => checkpointOf(small, 'reflink'),
    large: () => checkpointOf(large, 'reflink'),
  });
  const ratio = times.large.min / times.small.min;
  return {
    measured: 'checkpoint of 1 GB, by reflink (XFS)',
    peer: `of 100 MB ${bothInWords(times.small)}`,
    forerun: bothInWords(times.large),
    comparison: `${ratio.toFixed(2)} times`,
    target: `constant (≤ ${mostOfSmall} times)`,
    met: ratio <= mostOfSmall,
  };
}

async function bareBackup(path: string, to: string): Promise<number> {
  const database = new Database(path);
  const ms = await timed(() => database.backup(to));
  database.close();
  rmSync(to);
  return ms;
}

async function checkpointOf(path: string, way: 'reflink' | 'copy' | 'backup'): Promise<number> {
  const main = sqlite().target(path);
  const provider = copy();
  const start = performance.now();
  const made = await provider.checkpoint(main, { label: 'bench' });
  const ms = performance.now() - start;
  if (made.way !== way) throw new Error(`the checkpoint was made by ${made.way}, not by ${way}`);
  await made[Symbol.asyncDispose]();
  await provider.discard(made);
  return ms;
}
