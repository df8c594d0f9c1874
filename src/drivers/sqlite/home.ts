import { existsSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { ForerunError, messageOf } from '../../error.ts';
import { giveToOwnerOf, thisUser } from '../../owner.ts';
import { codeOf } from './busy.ts';

/** The folder beside main for copies, locks and run documents. Every name of one file leads to the same folder. */
export function homeOf(mainPath: string): string {
  return join(dirname(realPathOf(mainPath)), '.forerun');
}

/** Creates the folder, for main's owner only and unseen by git. Safe to repeat. */
export async function makeHome(mainPath: string): Promise<string> {
  const home = homeOf(mainPath);
  try {
    await mkdir(home, { recursive: true, mode: 0o700 });
    await hideFromGit(join(home, '.gitignore'));
    const owner = await stat(mainPath).catch(() => undefined);
    await giveToOwnerOf(owner === undefined ? dirname(home) : mainPath, home, join(home, '.gitignore'));
  } catch (error) {
    throw homeFailure(home, home, error);
  }
  return home;
}

/** An empty file, left by a full disk, would hide nothing. */
async function hideFromGit(file: string): Promise<void> {
  try {
    await writeFile(file, '*\n', { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return;
    await rm(file, { force: true }).catch(() => {});
    throw error;
  }
}

/** Something in the folder beside main cannot be made, read or written; SQLite's own words would not say what. */
export function homeFailure(home: string, path: string, error: unknown): ForerunError<'PROVIDER_FAILED'> {
  const where = error instanceof Error && 'path' in error && typeof error.path === 'string' ? error.path : path;
  return new ForerunError('PROVIDER_FAILED', `${where} cannot be used: ${messageOf(error)}.`, {
    details: {},
    next: isDiskFull(error) ? 'Free some space on that disk, then run again.' : adviceFor(home),
    cause: error,
  });
}

/** A folder that does not exist yet is made in its parent: then that is what this user must be able to write. */
export function adviceFor(home: string): string {
  const there = existsSync(home);
  if (there && !statSync(home).isDirectory())
    return `Forerun keeps its copies and locks in a folder of that name beside the database. Move what is there away: mv "${home}" "${home}.old"`;
  if (!there) {
    const parent = dirname(home);
    return `Forerun keeps its copies and locks in ${basename(home)} beside the database, and this user must be able to make that folder in ${parent}: chown ${thisUser()} "${parent}" (as root). Where it is this user's already, see whether it is read-only or immutable (ls -ld, lsattr -d).`;
  }
  return `Forerun keeps its copies and locks beside the database, and this user must be able to write there: chown -R ${thisUser()} "${home}" (as root). Where it is this user's already, see whether it is read-only or immutable (ls -ld, lsattr -d).`;
}

/** Whether an error, of Node or of SQLite, is about rights, or about a file that stands where our folder should. */
export function isAboutRights(error: unknown): boolean {
  return /^(?:EACCES|EPERM|EROFS|ENOTDIR|SQLITE_CANTOPEN|SQLITE_READONLY|SQLITE_PERM)/.test(codeOf(error) ?? '');
}

export function isDiskFull(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT', 'SQLITE_FULL', 'SQLITE_IOERR_SHMSIZE'].includes(codeOf(error) ?? '');
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
