import { postgresTarget } from '../drivers/postgres/target.ts';
import type { Provider } from '../seams/provider.ts';
import type { Target } from '../seams/target.ts';
import { databaseOf } from './postgres/address.ts';
import { readAttributes, type Attributes } from './postgres/attributes.ts';
import { databaseCopies, fromCopy, type DatabaseCopies } from './postgres/databases.ts';
import { ensureDumpable } from './postgres/dumpable.ts';
import { ensureFolder } from './postgres/folder.ts';
import { maintenanceOf } from './postgres/maintenance.ts';
import { sizeOf } from './postgres/make.ts';
import { folderOfDumps, pour, programOf, removeDump, systemOf } from './postgres/pour.ts';
import { refusePooled } from './postgres/pooled.ts';
import { diskOf } from './postgres/room.ts';
import { openSession } from './postgres/session.ts';

export interface DumpOptions {
  /** Address of any database on another server of main's major version, where copies are kept. @default main's server */
  readonly branchServer?: string;
  /** Database that Forerun connects to for work on others; every deployer must name the same. @default 'postgres' */
  readonly maintenance?: string;
  /** Folder of PostgreSQL's programs. @default looked for */
  readonly bin?: string;
  /** Folder for dumps while they are restored: as large as main's tables. Made where it is missing. @default the system's temporary folder */
  readonly folder?: string;
  /** How many tables are copied at once. @default 2 */
  readonly jobs?: number;
  /** How long to wait, in milliseconds, until nobody is connected to a copy that is copied. @default 1000 */
  readonly aloneWaitMs?: number;
}

/**
 * Copies of live PostgreSQL databases by `pg_dump` and `pg_restore`, from one consistent snapshot, on main's server or
 * on another: for any server that one can reach. Branches are then made from such a copy by template.
 */
export function dump(options: DumpOptions = {}): Provider {
  const server = (main: Target): Target => {
    if (options.branchServer === undefined) return main;
    return postgresTarget(options.branchServer);
  };
  const kind: DatabaseCopies = {
    name: 'dump',
    reach: 'anywhere',
    alone: 'copies',
    server,
    key: async (main) => (options.branchServer === undefined ? databaseOf(main) : keyElsewhere(main)),
    async take(main, work, { run, signal }) {
      const attributes = await dumpableOn(main, options);
      await pour(main, attributes, work, server(main), { ...options, run, signal });
      return { way: 'dump', attributes };
    },
    async bringBack(checkpoint, record, main, work) {
      if (options.branchServer === undefined) return fromCopy(checkpoint, work, options);
      const attributes = record.attributes ?? {
        ...(await attributesOn(checkpoint.target, databaseOf(checkpoint.target))),
        comment: record.comment ?? null,
      };
      await pour(checkpoint.target, attributes, work, main, options);
      return { way: 'dump', attributes };
    },
    estimate: (main) => estimate(main, options),
  };
  const provider = databaseCopies(kind, options);
  return {
    ...provider,
    async discard(what) {
      await provider.discard(what);
      await removeDump(what.id, options);
    },
  };
}

/** On a server that has copies of others, a name alone is not enough. */
async function keyElsewhere(main: Target): Promise<string> {
  await using session = await openSession(main);
  return `${await systemOf(session)}/${databaseOf(main)}`;
}

/** Of main, where it can be dumped. */
async function dumpableOn(main: Target, { branchServer }: DumpOptions): Promise<Attributes> {
  await using session = await openSession(main);
  await ensureDumpable(session, branchServer === undefined);
  return await readAttributes(session, databaseOf(main));
}

async function attributesOn(target: Target, database: string): Promise<Attributes> {
  await using session = await openSession(target);
  return await readAttributes(session, database);
}

/** Looks for rights and programs, too: what is missing is said before anything is begun. */
async function estimate(main: Target, options: DumpOptions): ReturnType<Provider['estimate']> {
  await using session = await openSession(maintenanceOf(main, options));
  if (options.branchServer === undefined) refusePooled(session);
  const major = Math.floor(session.version / 10_000);
  await programOf('pg_dump', major, options);
  await programOf('pg_restore', major, options);
  await ensureFolder(folderOfDumps(options), 'dumps');
  await dumpableOn(main, options);
  const disk = options.branchServer === undefined ? await diskOf(session, databaseOf(main)) : undefined;
  const bytes = await sizeOf(session, databaseOf(main));
  return { way: 'dump', bytes, ...(disk === undefined ? {} : { freeBytes: disk.free }) };
}
