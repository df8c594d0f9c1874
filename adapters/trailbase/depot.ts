import { realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { ForerunError } from '../../src/error.ts';
import { meantFolder } from '../../src/nearest-folder.ts';

/** One database of a depot. */
export interface Depot {
  /** Absolute. */
  readonly folder: string;
  /** As TrailBase calls it: `main`, or the name of another database in `data`. */
  readonly database: string;
}

export function depotAt(root: string, folder: string, database: string): Depot {
  if (['logs', 'session'].includes(database)) {
    throw refused(
      `TrailBase's database ${database} has no migrations but its own.`,
      'Leave `database` out for main, or name another database of yours.',
    );
  }
  if (!/^[\w-]+$/.test(database)) {
    throw refused(
      `TrailBase has no database called "${database}".`,
      'Give the name of a file in the depot’s data folder, without its ending .db.',
    );
  }
  return { folder: resolve(root, folder), database };
}

/**
 * The database of the depot that an address in its data folder means; undefined for one elsewhere, such as a branch.
 */
export function databaseAt({ folder }: Pick<Depot, 'folder'>, path: string | undefined): string | undefined {
  if (path === undefined || !path.endsWith('.db')) return undefined;
  return realOf(dirname(path)) === realOf(join(folder, 'data')) ? basename(path, '.db') : undefined;
}

export function refuseOther({ database }: Depot, addressed: string | undefined): void {
  if (addressed === undefined || addressed === database) return;
  throw refused(
    `The address is that of TrailBase's database ${addressed}, and the migrations are those of ${database}.`,
    `Give both of one database: trailbase({ database: '${addressed}' }) without an address is enough.`,
  );
}

export function databaseFile({ folder, database }: Depot): string {
  return join(folder, 'data', `${database}.db`);
}

/** The folder in which migrations of this database are to be written. */
export function migrationsFolder({ folder, database }: Depot): string {
  return join(folder, 'migrations', database);
}

export function refuseNoDepot({ folder }: Depot): void {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true) return;
  throw refused(
    `There is no TrailBase depot at ${folder}.`,
    `${meantFolder(folder)}Give its folder: trailbase({ depot: 'path/to/traildepot' }); or have TrailBase make one: trail run`,
  );
}

function realOf(folder: string): string {
  try {
    return realpathSync(folder);
  } catch {
    return folder;
  }
}

function refused(message: string, next: string): ForerunError<'CONFIG'> {
  return new ForerunError('CONFIG', message, { details: { keys: ['source'] }, next });
}
