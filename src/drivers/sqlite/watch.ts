import { readdir, readlink, realpath } from 'node:fs/promises';
import type { Watch } from '../../seams/driver.ts';
import type { Target } from '../../seams/target.ts';
import { whenFree } from './busy.ts';
import { openDatabase } from './client.ts';
import { pathOf } from './target.ts';

/** Tells whether anybody committed to main, by `PRAGMA data_version` on a connection that stays open. */
export async function watchSqlite(main: Target): Promise<Watch> {
  const path = pathOf(main);
  const database = await openDatabase(path);
  const version = (): Promise<unknown> =>
    whenFree(() => database.pragma('data_version', { simple: true }), { what: 'reading the version of main' });
  let seen = await version();
  return {
    async moved() {
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
}

/** Whether another process has the file open, by `/proc`; undefined where there is none. */
async function openElsewhere(path: string): Promise<boolean | undefined> {
  const file = await realpath(path);
  const processes = await readdir('/proc').catch(() => undefined);
  if (processes === undefined) return undefined;
  for (const pid of processes.filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)) {
    const descriptors = await readdir(`/proc/${pid}/fd`).catch(() => []);
    const files = await Promise.all(descriptors.map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')));
    if (files.includes(file)) return true;
  }
  return false;
}
