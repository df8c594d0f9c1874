import { existsSync } from 'node:fs';
import { chmod, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { giveToOwnerOf } from '../../owner.ts';
import type { LockHolder, LockOptions } from '../../seams/driver.ts';
import { heldBy } from '../run-lock.ts';
import type { Target } from '../../seams/target.ts';
import { isBusy } from './busy.ts';
import { openDatabase, type SqliteDatabase } from './client.ts';
import { homeFailure, isAboutRights, isDiskFull, makeHome } from './home.ts';
import { pathOf } from './target.ts';

/**
 * The run lock: an exclusive transaction held on `.forerun/lock.db`. The system releases it when the process dies, so
 * nobody ever unlocks by hand. Who holds it stands in `lock.json` beside it, for messages only.
 */
export async function lockSqlite(main: Target, options: LockOptions): Promise<AsyncDisposable> {
  const home = await makeHome(pathOf(main));
  const file = join(home, 'lock.db');
  let database: SqliteDatabase | undefined;
  try {
    const made = !existsSync(file);
    database = await openDatabase(file, { create: true });
    // SQLite makes a file for all to read, and closing it ourselves would drop locks that this process holds on it.
    if (made) await chmod(file, 0o600);
    await giveToOwnerOf(home, file);
    await acquire(database, home, options);
    await writeHolder(home, options.holder);
  } catch (error) {
    database?.close();
    throw isAboutRights(error) || isDiskFull(error) ? homeFailure(home, file, error) : error;
  }
  const held = database;
  return {
    async [Symbol.asyncDispose]() {
      held.close();
    },
  };
}

async function acquire(database: SqliteDatabase, home: string, options: LockOptions): Promise<void> {
  const start = performance.now();
  for (let told = false; !tryLock(database);) {
    const holder = await readHolder(home);
    if (!told) options.waiting(holder);
    told = true;
    if (performance.now() - start >= options.waitMs) throw heldBy(holder, options.waitMs);
    await sleep(50, undefined, { signal: options.signal });
  }
}

function tryLock(database: SqliteDatabase): boolean {
  try {
    // Nothing is ever written to it, and a process that is killed leaves no journal behind.
    database.pragma('journal_mode = MEMORY');
    database.exec('BEGIN EXCLUSIVE');
    return true;
  } catch (error) {
    if (isBusy(error)) return false;
    throw error;
  }
}

async function writeHolder(home: string, holder: LockHolder): Promise<void> {
  // Whoever holds the lock writes them, and that is this process now: what is there was left on a full disk or by a kill.
  for (const name of await readdir(home))
    if (/^lock\.json\.\d+$/.test(name)) await rm(join(home, name), { force: true });
  const draft = join(home, `lock.json.${holder.pid}`);
  try {
    await writeFile(draft, JSON.stringify(holder), { mode: 0o600 });
    await giveToOwnerOf(home, draft);
    await rename(draft, join(home, 'lock.json'));
  } catch (error) {
    await rm(draft, { force: true }).catch(() => {});
    throw error;
  }
}

/** Only a deployer that waits reads it, so only that one waits for the validator to load. */
async function readHolder(home: string): Promise<LockHolder | undefined> {
  const { z } = await import('zod');
  const format = z.object({ run: z.string(), host: z.string(), pid: z.number(), since: z.string() });
  try {
    return format.parse(JSON.parse(await readFile(join(home, 'lock.json'), 'utf8')));
  } catch {
    // The name of the holder is a courtesy; the lock itself is what counts.
    return undefined;
  }
}
