import { stat, statfs } from 'node:fs/promises';
import { codeOf } from '../../drivers/sqlite/busy.ts';
import { homeFailure, isAboutRights, isDiskFull } from '../../drivers/sqlite/home.ts';
import { ForerunError, messageOf } from '../../error.ts';
import { size } from '../../reports/quantities.ts';

export async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

/** Undefined where there is no such file. */
export async function sizeOf(file: string): Promise<number | undefined> {
  const stats = await stat(file).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  });
  return stats?.size;
}

/** Throws `PROVIDER_FAILED` before anything is written where it would not fit. */
export async function ensureSpace(folder: string, needed: number, what: string): Promise<void> {
  const free = await freeBytes(folder);
  if (free < needed) throw noSpace(folder, what, `${size(needed)} are needed and ${size(free)} are free`);
}

/** `error` as `PROVIDER_FAILED`, with what a full disk left free; an error of ours stays as it is. */
export async function asFailure(error: unknown, folder: string, what: string): Promise<unknown> {
  if (error instanceof ForerunError) return error;
  const [home] = /^.*\/\.forerun(?=\/|$)/s.exec(pathIn(error) ?? folder) ?? [];
  if (home !== undefined && isAboutRights(error)) return homeFailure(home, folder, error);
  if (!isDiskFull(error)) {
    return new ForerunError('PROVIDER_FAILED', `${what} failed: ${messageOf(error)}.`, { details: {}, cause: error });
  }
  const free = await freeBytes(folder).then(size, () => 'an unknown number of bytes');
  return noSpace(folder, what, `the disk was full in the middle, with ${free} free now`, error);
}

/** The file that an error of Node's is about. */
function pathIn(error: unknown): string | undefined {
  return error instanceof Error && 'path' in error && typeof error.path === 'string' ? error.path : undefined;
}

function noSpace(folder: string, what: string, why: string, cause?: unknown): ForerunError<'PROVIDER_FAILED'> {
  return new ForerunError('PROVIDER_FAILED', `No room in ${folder}: ${what} did not fit, ${why}.`, {
    details: {},
    next: 'Free some space there, or discard copies that are not needed any more (`forerun checkpoints`, `forerun branches`).',
    cause,
  });
}
