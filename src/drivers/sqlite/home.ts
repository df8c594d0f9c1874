import { readlinkSync, realpathSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { ForerunError, messageOf } from '../../error.ts';
import { codeOf } from './busy.ts';

/** The folder beside main for copies, locks and run documents. Every name of one file leads to the same folder. */
export function homeOf(mainPath: string): string {
  return join(dirname(realPathOf(mainPath)), '.forerun');
}

/** Creates the folder, for its owner only and unseen by git. Safe to repeat. */
export async function makeHome(mainPath: string): Promise<string> {
  const home = homeOf(mainPath);
  try {
    await mkdir(home, { recursive: true, mode: 0o700 });
    await writeFile(join(home, '.gitignore'), '*\n', { flag: 'wx', mode: 0o600 }).catch((error: unknown) => {
      if (codeOf(error) !== 'EEXIST') throw error;
    });
  } catch (error) {
    throw new ForerunError('PROVIDER_FAILED', `The folder ${home} cannot be written: ${messageOf(error)}.`, {
      details: {},
      next: `Forerun keeps its copies beside the database: let this user write in ${dirname(home)}.`,
      cause: error,
    });
  }
  return home;
}

/** The path without symbolic links; a file that does not exist (yet) has one as well. */
export function realPathOf(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT' || dirname(path) === path) throw error;
  }
  const link = linkAt(path);
  if (link !== undefined) return realPathOf(resolve(dirname(path), link));
  return join(realPathOf(dirname(resolve(path))), basename(path));
}

function linkAt(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
