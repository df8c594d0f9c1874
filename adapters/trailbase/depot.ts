import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ForerunError } from '../../src/error.ts';

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
    "Give its folder: trailbase({ depot: 'path/to/traildepot' }); or have TrailBase make one: trail run",
  );
}

function refused(message: string, next: string): ForerunError<'CONFIG'> {
  return new ForerunError('CONFIG', message, { details: { keys: ['source'] }, next });
}
