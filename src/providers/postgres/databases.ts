import { hostname } from 'node:os';
import { quoteIdentifier } from '../../drivers/postgres/names.ts';
import { ForerunError } from '../../error.ts';
import type { Branch, Checkpoint, Copy, Making, Provider } from '../../seams/provider.ts';
import type { Target } from '../../seams/target.ts';
import { databaseOf } from './address.ts';
import { readAttributes } from './attributes.ts';
import { createFrom } from './create.ts';
import { asFailure, notFound, otherMain } from './failure.ts';
import { makeKeeper } from './keeper.ts';
import { discardRestoring, listRestoring } from './leftovers.ts';
import { listCopies, recordOf } from './list.ts';
import { maintenanceOf, type DatabaseOptions } from './maintenance.ts';
import { make, sizeOf, type Produced, type Work } from './make.ts';
import { countsOf, haveMoved, type Counts } from './moved.ts';
import { ensureAlone, letLeave } from './others.ts';
import { databaseName, idIn, type CopyRecord } from './records.ts';
import { restoreByRename } from './restore.ts';
import { openSession } from './session.ts';

/** What differs between providers whose copies are databases of a server. */
export interface DatabaseCopies {
  readonly name: string;
  readonly reach: Provider['reach'];
  readonly alone: NonNullable<Provider['alone']>;
  /** Any address on the server that the copies of `main` are on. */
  server(main: Target): Target;
  /** Names main among all whose copies are on that server. */
  key(main: Target): Promise<string>;
  /** Fills a new database with what main is. */
  take(main: Target, work: Work, making: Making): Promise<Produced>;
  /** Fills a new database on main's server with what a checkpoint is. */
  bringBack(checkpoint: Copy, record: CopyRecord, main: Target, work: Work): Promise<Produced>;
  estimate: Provider['estimate'];
}

/** Checkpoints and branches are databases; a copy of a copy is made by `CREATE DATABASE … TEMPLATE`. */
export function databaseCopies(kind: DatabaseCopies, options: DatabaseOptions): Provider {
  const keeper = makeKeeper();
  /** Of the checkpoints of main that this process took and did not dispose of. */
  const taken = new Map<string, { readonly main: Target; readonly counts: Counts }>();
  const asCheckpoint = (made: Copy): Checkpoint => ({
    ...made,
    kind: 'checkpoint',
    [Symbol.asyncDispose]: async () => void taken.delete(made.id),
  });
  const countMain = async (main: Target, work?: Work): Promise<Counts> => {
    if (work !== undefined && kind.server(main) === main) return countsOf(work.session, databaseOf(main));
    await using session = await openSession(maintenanceOf(main, options));
    return await countsOf(session, databaseOf(main));
  };
  const copyOfCopy = async (from: Copy, as: Copy['kind'], making: Making): Promise<Copy> => {
    const server = maintenanceOf(from.target, options);
    const { main } = await wholeRecord(from, server);
    const origin = { server, main, parent: from.id, what: `${from.kind} ${from.id}` };
    return make(origin, as, making, keeper, (work) => fromCopy(from, work, options, making.signal));
  };
  return {
    name: kind.name,
    reach: kind.reach,
    alone: kind.alone,
    async checkpoint(main, making) {
      const server = maintenanceOf(kind.server(main), options);
      const key = await told(kind.key(main), `The checkpoint of "${databaseOf(main)}"`);
      let counts: Counts | undefined;
      const made = await make(
        { server, main: key, what: `"${databaseOf(main)}"` },
        'checkpoint',
        making,
        keeper,
        async (work) => {
          // Before, so that whatever is written meanwhile counts as written since.
          counts = await countMain(main, work);
          return kind.take(main, work, making);
        },
      );
      if (counts !== undefined) taken.set(made.id, { main, counts });
      return asCheckpoint(made);
    },
    async branch(from, making): Promise<Branch> {
      return { ...(await copyOfCopy(from, 'branch', making)), kind: 'branch' };
    },
    snapshot: async (branch, making) => asCheckpoint(await copyOfCopy(branch, 'checkpoint', making)),
    async moved(since) {
      const known = taken.get(since.id);
      if (known === undefined) throw unknownSince(since);
      const now = await told(countMain(known.main), 'Asking whether main was written');
      return haveMoved(known.counts, now);
    },
    async restore(checkpoint, main) {
      const record = await wholeRecord(checkpoint, maintenanceOf(checkpoint.target, options));
      const what = `Restoring "${databaseOf(main)}"`;
      if (record.main !== (await told(kind.key(main), what))) throw otherMain(checkpoint.id, databaseOf(main));
      const server = maintenanceOf(main, options);
      await restoreByRename({ server, main, key: databaseOf(main), checkpoint }, keeper, (work) =>
        kind.bringBack(checkpoint, record, main, work),
      );
    },
    async discard(what) {
      taken.delete(what.id);
      if (await discardRestoring(what, options)) return;
      const name = nameOf(what);
      await told(dropDatabase(maintenanceOf(what.target, options), name), `Throwing ${what.id} away`);
      await keeper.release(what.id);
    },
    async list(main) {
      const server = maintenanceOf(kind.server(main), options);
      const listing = async (): ReturnType<Provider['list']> => {
        await using session = await openSession(server);
        const copies = await listCopies(session, server, await kind.key(main));
        return kind.server(main) === main ? copies : [...copies, ...(await listRestoring(main, options))];
      };
      return told(listing(), `Listing the copies of "${databaseOf(main)}"`);
    },
    estimate: (main) => told(kind.estimate(main), `Estimating a copy of "${databaseOf(main)}"`),
  };
}

/** Fills a new database with a copy that is on the same server. */
export async function fromCopy(
  from: Copy,
  { session, name }: Work,
  options: DatabaseOptions,
  signal?: AbortSignal,
): Promise<Produced> {
  const database = nameOf(from);
  const record = await recordOf(session, database);
  // A checkpoint itself has other rights than what it was made of.
  const attributes = record?.attributes ?? {
    ...(await readAttributes(session, database)),
    comment: record?.comment ?? null,
  };
  const next = `Close what is connected to ${from.id}, and try again.`;
  await ensureAlone(session, database, { waitMs: options.aloneWaitMs ?? 1000, next, signal });
  const way = await createFrom(session, name, { database, bytes: await sizeOf(session, database) }, attributes);
  return { way, attributes };
}

/** The name of a copy's database. Throws for one that is none of ours, whatever it is called. */
function nameOf(copy: Copy): string {
  const name = databaseOf(copy.target);
  if (idIn(name) === copy.id) return name;
  throw new ForerunError('PROVIDER_FAILED', `"${name}" is no copy that Forerun made.`, { details: { copy: copy.id } });
}

/** Half of a copy is nothing to restore or to branch from. */
async function wholeRecord(copy: Copy, server: Target): Promise<CopyRecord> {
  const name = nameOf(copy);
  const reading = async (): Promise<CopyRecord | undefined> => {
    await using session = await openSession(server);
    return await recordOf(session, name);
  };
  const record = await told(reading(), `Looking at ${copy.id}`);
  if (record?.state === 'ready' && name === databaseName(copy.id, record.main)) return record;
  throw notFound(copy.id, copy.kind);
}

async function dropDatabase(server: Target, name: string): Promise<void> {
  await using session = await openSession(server);
  const record = await recordOf(session, name);
  // Code that this process ran may have a pool there, and a pool that is cut off can end the process.
  const ran = record?.run !== undefined && record.maker.pid === process.pid && record.maker.host === hostname();
  await letLeave(session, name, ran ? poolMs : 0);
  await session.query(`DROP DATABASE IF EXISTS ${quoteIdentifier(name)} WITH (FORCE)`);
}

/** Longer than pools keep what nobody uses. In milliseconds. */
const poolMs = 12_000;

async function told<T>(doing: Promise<T>, what: string): Promise<T> {
  return doing.catch((error: unknown) => {
    throw asFailure(error, what);
  });
}

/** The answer was lost with the process, or with the disposal. */
export function unknownSince(since: Checkpoint): ForerunError<'PROVIDER_FAILED'> {
  return new ForerunError(
    'PROVIDER_FAILED',
    `Whether main moved since ${since.id} is not known: this process did not take it of main, or has closed it.`,
    { details: { copy: since.id }, next: 'Take a new checkpoint of main.' },
  );
}
