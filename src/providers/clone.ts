import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ForerunError } from '../error.ts';
import { size } from '../reports/quantities.ts';
import type { Session } from '../seams/driver.ts';
import type { Branch, Checkpoint, Copy, Making, Provider } from '../seams/provider.ts';
import type { Target } from '../seams/target.ts';
import { backUp, ensureAllowed } from './clone/backup.ts';
import { settingsOf } from './clone/configuration.ts';
import { branchOf, reviveBranches, snapshotOf } from './clone/derive.ts';
import { listClones } from './clone/list.ts';
import { make } from './clone/make.ts';
import { cloneFolder, ensureSame, keyOf, ownFolders, placeFor, wholeRecord } from './clone/place.ts';
import { dataOf, isCloneId, readRecord } from './clone/records.ts';
import { removeClone } from './clone/remove.ts';
import { ensureReachable, serverUser } from './clone/user.ts';
import { databaseOf, programAddress } from './postgres/address.ts';
import { readAttributes } from './postgres/attributes.ts';
import { unknownSince } from './postgres/databases.ts';
import { maintenanceOf } from './postgres/maintenance.ts';
import { existing, ensureFolder } from './postgres/folder.ts';
import { asFailure, notFound, otherMain } from './postgres/failure.ts';
import { makeKeeper } from './postgres/keeper.ts';
import { discardRestoring, listRestoring } from './postgres/leftovers.ts';
import { countsOf, haveMoved, type Counts } from './postgres/moved.ts';
import { refusePooled } from './postgres/pooled.ts';
import { pour, removeDump } from './postgres/pour.ts';
import { findProgram } from './postgres/programs.ts';
import { restoreByRename } from './postgres/restore.ts';
import { openSession } from './postgres/session.ts';
import { askSizes } from './postgres/sizes.ts';

export interface CloneOptions {
  /** Folder of the clones, on a disk with room for the whole cluster. @default '.forerun/clones' */
  readonly folder?: string;
  /** Folder of PostgreSQL's programs, of main's major version. @default looked for */
  readonly bin?: string;
  /** Database that Forerun connects to while main is renamed in a restore. @default 'postgres' */
  readonly maintenance?: string;
  /** Names in main's `shared_preload_libraries` that branches load, too: by themselves they must do no harm. @default [] */
  readonly preload?: readonly string[];
  /** How many tables are copied at once in a restore. @default 2 */
  readonly jobs?: number;
  /** How long to wait, in milliseconds, until nobody is connected to a branch that is copied. @default 1000 */
  readonly aloneWaitMs?: number;
}

/**
 * Copies of a whole running PostgreSQL cluster by `pg_basebackup`, once for each checkpoint; branches of it take a
 * fraction of a second, by reflinks or an overlay, and each has a private server of its own. For large databases.
 * A checkpoint has no server: look at it through a branch.
 */
export function clone(options: CloneOptions = {}): Provider {
  const folder = cloneFolder(options.folder);
  const deriving = { folder, bin: options.bin, aloneWaitMs: options.aloneWaitMs ?? 1000 };
  const keeper = makeKeeper();
  const taken = new Map<string, { readonly main: Target; readonly counts: Counts }>();
  const asCheckpoint = (made: Copy): Checkpoint => ({
    ...made,
    kind: 'checkpoint',
    [Symbol.asyncDispose]: async () => void taken.delete(made.id),
  });
  const branch = async (from: Copy, making: Making): Promise<Branch> => ({
    ...(await branchOf(from, making, deriving)),
    kind: 'branch',
  });
  return {
    name: 'clone',
    reach: 'this machine',
    alone: 'copies',
    async checkpoint(main, making) {
      const what = `The checkpoint of "${databaseOf(main)}"`;
      const { made, counts } = await told(checkpointOf(main, making, folder, options), what, making.signal);
      taken.set(made.id, { main, counts });
      return asCheckpoint(made);
    },
    branch,
    snapshot: async (of, making) => asCheckpoint(await snapshotOf(of, making, deriving)),
    async moved(since) {
      const known = taken.get(since.id);
      if (known === undefined) throw unknownSince(since);
      return haveMoved(known.counts, await told(countsNow(known.main), 'Asking whether main was written'));
    },
    async restore(checkpoint, main) {
      const record = await wholeRecord(folder, checkpoint);
      const what = `Restoring "${databaseOf(main)}"`;
      if (record.main !== (await told(keyNow(main), what))) throw otherMain(checkpoint.id, databaseOf(main));
      const label = `restoring ${record.id}`;
      const source = record.kind === 'branch' ? checkpoint : await branch(checkpoint, { label, run: label });
      const restoring = { server: maintenanceOf(main, options), main, key: databaseOf(main), checkpoint };
      try {
        await restoreByRename(restoring, keeper, async (work) => {
          await using session = await openSession(source.target);
          const attributes = await readAttributes(session, record.database);
          await pour(source.target, attributes, work, main, options);
          return { way: 'dump', attributes };
        });
      } finally {
        if (source !== checkpoint) await removeClone(folder, source.id);
      }
    },
    async discard(what) {
      taken.delete(what.id);
      if (await discardRestoring(what, options)) return removeDump(what.id, options);
      if (!isCloneId(what.id)) throw notFound(what.id, what.kind);
      const record = await readRecord(folder, what.id);
      if (typeof record === 'object') ensureSame(what, record);
      await told(removeClone(folder, what.id), `Throwing ${what.id} away`);
    },
    async list(main) {
      const listing = async (): ReturnType<Provider['list']> => {
        const key = await keyNow(main);
        const clones = await listClones(folder, key, { main: !key.includes('/forerun:') });
        await reviveBranches(clones, deriving);
        return [...clones, ...(await listRestoring(main, options))];
      };
      return told(listing(), `Listing the copies of "${databaseOf(main)}"`);
    },
    estimate: (main) => told(estimate(main, folder, options), `Estimating a copy of "${databaseOf(main)}"`),
  };
}

async function checkpointOf(
  main: Target,
  making: Making,
  folder: string,
  { bin, preload = [] }: CloneOptions,
): Promise<{ readonly made: Copy; readonly counts: Counts }> {
  await using session = await openSession(main, making);
  refusePooled(session);
  await ensureAllowed(session);
  const major = Math.floor(session.version / 10_000);
  const client = { name: 'pg_basebackup', major, newer: false, debian: 'postgresql-client', bin } as const;
  const { path: basebackup } = await findProgram(client);
  const place = await placeFor(folder, major, bin);
  const { bytes, freeBytes } = await sizesOf(session, folder);
  if (freeBytes < bytes + forLog) throw noRoom(folder, bytes + forLog, freeBytes);
  const inherited = {
    main: await keyOf(session),
    database: databaseOf(main),
    user: session.user,
    major,
    settings: await settingsOf(session, preload),
  };
  // Before, so that whatever is written meanwhile counts as written since.
  const counts = await countsOf(session, inherited.database);
  const made = await make(folder, inherited, 'checkpoint', making, async (record) => {
    await backUp(programAddress(main, session.place), record, place, { basebackup }, making);
    return { way: 'basebackup', layers: [dataOf(folder, record.id)] };
  });
  return { made, counts };
}

async function countsNow(main: Target): Promise<Counts> {
  await using session = await openSession(main);
  return await countsOf(session, databaseOf(main));
}

async function keyNow(main: Target): Promise<string> {
  await using session = await openSession(main);
  return await keyOf(session);
}

/** Looks for rights and programs, too: what is missing is said before anything is begun. */
async function estimate(main: Target, folder: string, { bin }: CloneOptions): ReturnType<Provider['estimate']> {
  await using session = await openSession(main);
  refusePooled(session);
  await ensureAllowed(session);
  const major = Math.floor(session.version / 10_000);
  await findProgram({ name: 'pg_basebackup', major, newer: false, debian: 'postgresql-client', bin });
  await findProgram({ name: 'postgres', major, newer: false, debian: 'postgresql', bin });
  await ensureFolder(folder, 'clones');
  // What is above our own folders, we cannot open to others.
  await ensureReachable(await existing(dirname(ownFolders(folder).at(-1) ?? folder)), await serverUser());
  return { way: 'basebackup', ...(await sizesOf(session, folder)) };
}

async function sizesOf(
  session: Session,
  folder: string,
): Promise<{ readonly bytes: number; readonly freeBytes: number }> {
  const [row] = await askSizes(
    session,
    `SELECT sum(pg_database_size(oid))::float8 AS bytes FROM pg_database WHERE has_database_privilege(oid, 'CONNECT')`,
  );
  const { bavail, bsize } = await statfs(await existing(folder));
  return { bytes: Number(row?.['bytes']), freeBytes: bavail * bsize };
}

/** What is written to the log meanwhile, two files of it at least. */
const forLog = 32e6;

function noRoom(folder: string, needed: number, free: number): ForerunError<'PROVIDER_FAILED'> {
  return new ForerunError(
    'PROVIDER_FAILED',
    `A copy of the cluster needs about ${size(needed)} in ${folder}, and ${size(free)} are free.`,
    {
      details: {},
      next: "Free some space there, discard copies (`forerun checkpoints`), or name another folder (the provider's option folder).",
    },
  );
}

async function told<T>(doing: Promise<T>, what: string, signal?: AbortSignal): Promise<T> {
  return doing.catch((error: unknown) => {
    throw signal?.aborted ? error : asFailure(error, what);
  });
}
