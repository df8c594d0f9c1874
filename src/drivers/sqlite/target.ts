import { realpath } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { ForerunError } from '../../error.ts';
import type { Target } from '../../seams/target.ts';
import { addressLike, parseAddress, refusedParameter } from './address.ts';

/** Reads `sqlite:path`, `sqlite://path`, a `file:` URI or a bare path. */
export function sqliteTarget(address: string): Target {
  const { path, query } = parseAddress(address);
  if (path === '' || basename(path) === ':memory:') throw inMemory(path);
  const parameter = refusedParameter(query);
  if (parameter === 'mode=memory') throw inMemory(path);
  if (parameter !== undefined) {
    throw new ForerunError(
      'BAD_TARGET',
      `The address of ${path} asks for a database that is not written (${parameter}).`,
      {
        details: { target: path },
        next: `Forerun writes to main when it promotes: leave ${parameter} out of the address.`,
      },
    );
  }
  return targetOf(resolve(path), address);
}

/** The target of a file whose `variable` has the same form as `like`. */
export function targetOf(path: string, like: string): Target {
  return { url: `sqlite:${path}`, path, variable: addressLike(like, path) };
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

function inMemory(path: string): ForerunError<'BAD_TARGET'> {
  return new ForerunError('BAD_TARGET', `A database in memory cannot be branched: "${path}".`, {
    details: { target: path },
    next: 'Give the path of a database file, for example --database app.db.',
  });
}
