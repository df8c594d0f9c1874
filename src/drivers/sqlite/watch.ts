import type { Stats } from 'node:fs';
import { readdir, readlink, stat } from 'node:fs/promises';
import type { Watch } from '../../seams/driver.ts';
import type { Target } from '../../seams/target.ts';
import { codeOf, whenFree } from './busy.ts';
import { openDatabase } from './client.ts';
import { pathOf } from './target.ts';

/** Tells whether anybody committed to main, by `PRAGMA data_version` on a connection that stays open. */
export async function watchSqlite(main: Target): Promise<Watch> {
  const path = pathOf(main);
  const database = await openDatabase(path);
  const version = (): Promise<unknown> =>
    whenFree(() => database.pragma('data_version', { simple: true }), { what: 'reading the version of main' });
  try {
    let seen = await version();
    return {
      async moved() {
        // A file that was removed lives on in this connection, and never changes there.
        await stat(path);
        const now = await version();
        const moved = now !== seen;
        seen = now;
        return moved;
      },
      shared: () => openElsewhere(path),
      async [Symbol.asyncDispose]() {
        database.close();
      },
    };
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Whether another process has the file open, by `/proc`; undefined where that does not tell. */
async function openElsewhere(path: string): Promise<boolean | undefined> {
  const file = await stat(path);
  const processes = await readdir('/proc').catch(() => []);
  const others = processes.filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  if (others.length === 0) return undefined;
  let unknown = false;
  for (const pid of others) {
    const open = await hasOpen(`/proc/${pid}`, file);
    if (open === true) return true;
    unknown ||= open === undefined;
  }
  return unknown ? undefined : false;
}

/** Undefined for a process that may not be looked into, and that has the right to write the file. */
async function hasOpen(folder: string, file: Stats): Promise<boolean | undefined> {
  try {
    for (const descriptor of await readdir(`${folder}/fd`)) {
      if (await isFile(`${folder}/fd/${descriptor}`, file)) return true;
    }
    return false;
  } catch (error) {
    if (codeOf(error) !== 'EACCES' && codeOf(error) !== 'EPERM') return false;
    const owner = await stat(folder).catch(() => undefined);
    return owner !== undefined && (owner.uid === file.uid || (file.mode & 0o022) !== 0) ? undefined : false;
  }
}

async function isFile(descriptor: string, file: Stats): Promise<boolean> {
  const name = await readlink(descriptor).catch(() => '');
  // Sockets and pipes have other names.
  if (!name.startsWith('/')) return false;
  const found = await stat(descriptor).catch(() => undefined);
  return found !== undefined && found.dev === file.dev && found.ino === file.ino;
}
