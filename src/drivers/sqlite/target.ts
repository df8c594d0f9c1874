import { realpath, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ForerunError, messageOf } from '../../error.ts';
import type { Target } from '../../seams/target.ts';
import { codeOf, whenFree } from './busy.ts';
import { openDatabase } from './client.ts';

/** Reads `sqlite:path`, `sqlite://path`, `file:path` or a bare path. */
export function sqliteTarget(address: string): Target {
  const path = pathIn(address);
  if (path === '' || path === ':memory:') {
    throw new ForerunError('BAD_TARGET', `A database in memory cannot be branched: "${address}".`, {
      details: { target: address },
      next: 'Give the path of a database file, for example --database app.db.',
    });
  }
  return targetOf(resolve(path), address);
}

/** The target of a file whose `variable` has the same form as `like`. */
export function targetOf(path: string, like: string): Target {
  const form = /^(sqlite|file):/.exec(like)?.[0] ?? '';
  return { url: `sqlite:${path}`, path, variable: `${form}${path}` };
}

export function pathOf(target: Target): string {
  if (target.path === undefined) throw new TypeError(`not a database file: ${target.url}`);
  return target.path;
}

/** The real path: two names of one file are one database, and a copy is another. */
export async function sqliteIdentity(target: Target): Promise<string> {
  const path = pathOf(target);
  return `sqlite:${await realpath(path).catch(() => path)}`;
}

/** Throws `BAD_TARGET` for whatever is wrong with main, in words that say what to do. */
export async function examineSqlite(target: Target): Promise<void> {
  const path = pathOf(target);
  const file = await stat(path).catch((error: unknown) => {
    throw unusable(path, error);
  });
  if (file.isDirectory()) {
    throw bad(path, `${path} is a directory, not a database file.`, 'Give the path of the database file itself.');
  }
  try {
    const database = await openDatabase(path);
    try {
      await whenFree(() => database.prepare('SELECT count(*) FROM sqlite_schema').get(), { what: `reading ${path}` });
    } finally {
      database.close();
    }
  } catch (error) {
    throw unusable(path, error);
  }
}

function pathIn(address: string): string {
  if (address.startsWith('file:///')) return fileURLToPath(address);
  return address.replace(/^(sqlite|file):(\/\/(?=[^/]|\/))?/, '').replace(/\?.*$/, '');
}

function unusable(path: string, error: unknown): unknown {
  const code = codeOf(error);
  switch (code) {
    case 'ENOENT':
      return bad(path, `There is no database at ${path}.`, `Check the address. To begin with an empty database: touch "${path}"`);
    case 'EACCES':
    case 'SQLITE_CANTOPEN':
      return bad(path, `${path} cannot be opened: ${messageOf(error)}.`, 'Check the rights of the file and its folder.');
    case 'SQLITE_NOTADB':
      return bad(path, `${path} is no SQLite database, or it is encrypted.`, 'Check the address; decrypt the database before migrating it.');
    default:
      if (code?.startsWith('SQLITE_CORRUPT')) {
        return bad(path, `${path} is damaged: ${messageOf(error)}.`, `Look at it with: sqlite3 "${path}" "PRAGMA integrity_check"`);
      }
      return error;
  }
}

function bad(target: string, message: string, next: string): ForerunError<'BAD_TARGET'> {
  return new ForerunError('BAD_TARGET', message, { details: { target }, next });
}
