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

/** A checkpoint by backup against the bare backup API, and by reflink for two sizes. */
export async function checkpoint(): Promise<Measured> {
  const backup = await byBackup();
  const volume = mountXfs('6G');
  if (typeof volume === 'string') return { results: [backup], leftOut: [`checkpoints by reflink: ${volume}`] };
  try {
    return { results: [backup, await byReflink(volume.folder)] };
  } finally {
    volume.unmount();
  }
}

async function byBackup(): Promise<Result> {
  const folder = newFolder();
  const path = placeDatabase(folder, '1 GB');
  const times = await alternate(5, {
    backup: () => bareBackup(path, join(folder, 'copy.db')),
    forerun: () => checkpointOf(path, 'backup'),
  });
  rmSync(folder, { recursive: true });
  const ratio = times.forerun.min / times.backup.min;
  return {
    measured: 'checkpoint of 1 GB, by backup',
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

async function checkpointOf(path: string, way: 'reflink' | 'backup'): Promise<number> {
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
