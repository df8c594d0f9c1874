import { open } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { whenFree } from '../drivers/sqlite/busy.ts';
import { openDatabase } from '../drivers/sqlite/client.ts';
import { makeHome, realPathOf } from '../drivers/sqlite/home.ts';
import { pathOf } from '../drivers/sqlite/target.ts';
import { ForerunError } from '../error.ts';
import { giveToOwnerOf } from '../owner.ts';
import type { Branch, Checkpoint, Copy, Making, Provider } from '../seams/provider.ts';
import type { Target } from '../seams/target.ts';
import { replaceHeld } from './copy/held.ts';
import { listCopies } from './copy/list.ts';
import { make, type Origin } from './copy/make.ts';
import { copiesOf, ensureCopyOf, folderOf, mainOf } from './copy/place.ts';
import { canReflink } from './copy/reflink.ts';
import { removeCopy } from './copy/records.ts';
import { replace, type Waiting } from './copy/replace.ts';
import { asFailure, freeBytes, sizeOf } from './copy/space.ts';
import { copyAtRest, isAtRest, take } from './copy/take.ts';
import { versionOf, type Version } from '../drivers/sqlite/version.ts';

export interface CopyOptions {
  /** How long to wait, in milliseconds, while another program keeps a database locked. @default 30000 */
  readonly lockWaitMs?: number;
}

/**
 * Copies of SQLite databases in `.forerun/copies` beside main: by reflink where the file system has it, else by
 * SQLite's backup.
 */
export function copy(options: CopyOptions = {}): Provider {
  const waitMs = options.lockWaitMs ?? 30_000;
  /** Of the checkpoints of main that this process took and did not dispose of. */
  const versions = new Map<string, Version>();
  const forget = (id: string): void => {
    versions.get(id)?.close();
    versions.delete(id);
  };
  const asCheckpoint = (made: Copy): Checkpoint => ({
    ...made,
    kind: 'checkpoint',
    [Symbol.asyncDispose]: async () => forget(made.id),
  });
  return {
    name: 'copy',
    reach: 'this machine',
    async checkpoint(main, making) {
      const { made, version } = await checkpointMain(main, making, waitMs);
      versions.set(made.id, version);
      return asCheckpoint(made);
    },
    async branch(from, making) {
      const made = await copyCopy(from, 'branch', making, waitMs);
      return { ...made, kind: 'branch' };
    },
    snapshot: async (branch, making) => asCheckpoint(await copyCopy(branch, 'checkpoint', making, waitMs)),
    async moved(since) {
      const version = versionSince(versions, since);
      return whenFree(() => version.moved(), { waitMs, what: 'reading the version of main' });
    },
    promote: (branch, since, how) => promote(branch, since, versionSince(versions, since), { ...how, waitMs }),
    promoteHeld: (branch, main, rehearse) => promoteHeld(branch, main, rehearse, waitMs),
    restore: (checkpoint, main, how) => restore(checkpoint, main, { ...how, waitMs }),
    async discard(what) {
      const folder = folderOf(what);
      forget(what.id);
      await removeCopy(folder, what.id).catch((error: unknown) =>
        failed(error, pathOf(what.target), `throwing ${what.id} away`),
      );
    },
    async list(main) {
      const path = pathOf(main);
      const folder = copiesOf(path);
      const listed = listCopies(folder, basename(realPathOf(path)), main.variable);
      return listed.catch((error: unknown) => failed(error, join(folder, '*'), `listing the copies in ${folder}`));
    },
    estimate,
  };
}

async function checkpointMain(
  target: Target,
  making: Making,
  waitMs: number,
): Promise<{ readonly made: Copy; readonly version: Version }> {
  const main = realPathOf(pathOf(target));
  await makeHome(main);
  const connection = await openDatabase(main).catch((error: unknown) => failed(error, main, `opening ${main}`));
  try {
    let version: Version | undefined;
    const inside = (): void => void (version = versionOf(main, connection));
    const origin = { folder: copiesOf(main), main, like: target.variable };
    const made = await make(origin, 'checkpoint', making, (to) =>
      take(connection, { to, waitMs, signal: making.signal, waiting: making.waiting, inside }),
    );
    if (version === undefined) throw new TypeError('a copy was made outside a transaction');
    return { made, version };
  } catch (error) {
    connection.close();
    throw error;
  }
}

async function copyCopy(from: Checkpoint | Branch, kind: Copy['kind'], making: Making, waitMs: number): Promise<Copy> {
  const main = await mainOf(from);
  const path = pathOf(from.target);
  const origin: Origin = { folder: folderOf(from), main, like: from.target.variable, parent: from.id };
  return make(origin, kind, making, async (to) => {
    if (from.kind === 'checkpoint' && (await isAtRest(path))) return copyAtRest(path, to);
    const source = await openDatabase(path);
    try {
      return await take(source, { to, waitMs, signal: making.signal });
    } finally {
      source.close();
    }
  });
}

async function promote(branch: Branch, since: Checkpoint, version: Version, waiting: Waiting): Promise<void> {
  const { main } = version;
  await ensureCopyOf(branch, main);
  const mayReplace = (): void => {
    if (version.moved()) throw stale(branch, since, main);
  };
  await whenFree(mayReplace, { ...waiting, what: `promoting ${branch.id}` });
  const done = replace(pathOf(branch.target), main, { ...waiting, mayReplace });
  await done.catch((error: unknown) => failed(error, main, `promoting ${branch.id}`));
}

async function promoteHeld(
  branch: Branch,
  target: Target,
  rehearse: () => Promise<void>,
  waitMs: number,
): Promise<void> {
  const main = realPathOf(pathOf(target));
  await ensureCopyOf(branch, main);
  let thrown: { readonly by: unknown } | undefined;
  const rehearsal = async (): Promise<void> => {
    try {
      await rehearse();
    } catch (error) {
      thrown = { by: error };
      throw error;
    }
  };
  await replaceHeld(pathOf(branch.target), main, waitMs, rehearsal).catch((error: unknown) => {
    if (thrown?.by === error) throw error;
    return failed(error, main, `promoting ${branch.id}`);
  });
}

async function restore(checkpoint: Copy, target: Target, waiting: Waiting): Promise<void> {
  const main = realPathOf(pathOf(target));
  await ensureCopyOf(checkpoint, main);
  if ((await sizeOf(main)) === undefined) await makeEmpty(main);
  const done = replace(pathOf(checkpoint.target), main, waiting);
  await done.catch((error: unknown) => failed(error, main, `restoring ${checkpoint.id}`));
}

async function makeEmpty(main: string): Promise<void> {
  await (await open(main, 'a', 0o600)).close();
  await giveToOwnerOf(dirname(main), main);
}

async function estimate(
  target: Target,
): Promise<{ readonly way: string; readonly bytes: number; readonly freeBytes: number }> {
  const main = realPathOf(pathOf(target));
  const home = await makeHome(main);
  const wal = (await sizeOf(`${main}-wal`)) ?? 0;
  const free = await freeBytes(home);
  if (await canReflink(main, home)) return { way: 'reflink', bytes: wal, freeBytes: free };
  return { way: wal > 0 ? 'backup' : 'copy', bytes: ((await sizeOf(main)) ?? 0) + wal, freeBytes: free };
}

function versionSince(versions: ReadonlyMap<string, Version>, since: Checkpoint): Version {
  const version = versions.get(since.id);
  if (version !== undefined) return version;
  throw new ForerunError(
    'PROVIDER_FAILED',
    `Whether main moved since ${since.id} is not known: this process did not take it of main, or has closed it.`,
    {
      details: { copy: since.id },
      next: 'Take a new checkpoint of main.',
    },
  );
}

function stale(branch: Branch, since: Checkpoint, main: string): ForerunError<'STALE_BRANCH'> {
  return new ForerunError(
    'STALE_BRANCH',
    `${main} was written since checkpoint ${since.id}; ${branch.id} was not promoted and main is as it was.`,
    {
      details: {},
      next: 'Make a branch of main as it is now and rehearse again.',
    },
  );
}

async function failed(error: unknown, place: string, what: string): Promise<never> {
  throw await asFailure(error, dirname(place), what);
}
