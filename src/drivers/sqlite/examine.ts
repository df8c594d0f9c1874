import { constants } from 'node:fs';
import { access, realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ForerunError, messageOf } from '../../error.ts';
import type { Waiting } from '../../seams/driver.ts';
import type { Target } from '../../seams/target.ts';
import { codeOf, whenFree, type Patience } from './busy.ts';
import { openDatabase } from './client.ts';
import { pathOf } from './target.ts';

/**
 * Throws `BAD_TARGET` for whatever is wrong with main, in words that say what to do. Looks at rights by name alone: to
 * close a descriptor of the file would drop the locks that this process holds on it.
 */
export async function examineSqlite(
  target: Target,
  use: 'reading' | 'writing' = 'writing',
  waiting?: Waiting,
  givingUp?: AbortSignal,
): Promise<void> {
  const path = pathOf(target);
  try {
    await examineFile(path, use);
    await examineContent(path, { waiting, givingUp });
  } catch (error) {
    if (error instanceof ForerunError || givingUp?.aborted) throw error;
    // SQLite says of its own files beside the database only that the database cannot be opened.
    if (codeOf(error)?.startsWith('SQLITE_CANTOPEN')) await examineBeside(await realpath(path));
    throw unusable(path, error);
  }
}

async function examineFile(path: string, use: 'reading' | 'writing'): Promise<void> {
  const file = await stat(path);
  const next = 'Give the path of the database file itself.';
  if (file.isDirectory()) throw bad(path, `${path} is a directory, not a database file.`, next);
  if (!file.isFile()) throw bad(path, `${path} is no regular file.`, next);
  const real = await realpath(path);
  const folder = dirname(real);
  await access(path, constants.R_OK);
  if (use === 'reading') return;
  await access(path, constants.W_OK).catch((error: unknown) => {
    throw readOnly(path, path, error);
  });
  await access(folder, constants.W_OK).catch((error: unknown) => {
    throw readOnly(path, `${folder}, where SQLite keeps its journal,`, error);
  });
  await examineBeside(real);
}

/** Whoever opened the database first made them, and another user may be left without rights. */
async function examineBeside(path: string): Promise<void> {
  for (const file of ['-wal', '-shm', '-journal'].map((suffix) => `${path}${suffix}`)) {
    const refused = await access(file, constants.R_OK | constants.W_OK).catch((error: unknown) => error);
    if (refused === undefined || codeOf(refused) === 'ENOENT') continue;
    throw bad(
      path,
      `${file}, which SQLite keeps beside the database, cannot be read and written by this user (${codeOf(refused) ?? ''}).`,
      'Run this as the user that the application runs as, or give this one rights to that file, too.',
      refused,
    );
  }
}

async function examineContent(path: string, patience: Omit<Patience, 'what'>): Promise<void> {
  const database = await openDatabase(path);
  try {
    const look = (): unknown => database.prepare('SELECT count(*) FROM sqlite_schema').get();
    await whenFree(look, { ...patience, what: `reading ${path}` });
  } finally {
    database.close();
  }
}

function unusable(path: string, error: unknown): ForerunError<'BAD_TARGET'> {
  const code = codeOf(error) ?? '';
  const words = messageOf(error);
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return bad(
      path,
      `There is no database at ${path}.`,
      `Check the address. To begin with an empty database: touch "${path}"`,
      error,
    );
  }
  if (code === 'SQLITE_NOTADB') {
    return bad(
      path,
      `${path} is no SQLite database, or it is encrypted.`,
      'Check the address; decrypt the database before migrating it.',
      error,
    );
  }
  if (code.startsWith('SQLITE_CORRUPT')) {
    return bad(
      path,
      `${path} is damaged: ${words}.`,
      `Look at it with: sqlite3 "${path}" "PRAGMA integrity_check"`,
      error,
    );
  }
  if (code === 'ERR_DLOPEN_FAILED' || words.startsWith('Could not locate the bindings file')) {
    return bad(
      path,
      'better-sqlite3, which opens SQLite files, is not built for this version of Node.',
      'Build it: npm rebuild better-sqlite3. Where npm asks first whether its install script may run: npm install-scripts approve better-sqlite3',
      error,
    );
  }
  const rights = code.startsWith('E') || code.startsWith('SQLITE_CANTOPEN');
  const next = rights
    ? 'Check the rights of the file and its folder.'
    : 'See what SQLite says of it, with its own program: sqlite3.';
  return bad(path, `${path} cannot be opened: ${words}.`, next, error);
}

function readOnly(path: string, what: string, cause: unknown): ForerunError<'BAD_TARGET'> {
  return bad(
    path,
    `${what} cannot be written by this user (${codeOf(cause) ?? ''}).`,
    'Forerun writes to main when it promotes: give it the right to.',
    cause,
  );
}

function bad(target: string, message: string, next: string, cause?: unknown): ForerunError<'BAD_TARGET'> {
  return new ForerunError('BAD_TARGET', message, { details: { target }, next, cause });
}
