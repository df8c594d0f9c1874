import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ForerunError, messageOf } from '../../src/error.ts';
import { placeholder } from '../sql/blank.ts';
import { slugOf } from '../sql/create.ts';
import { collect } from './collect.ts';
import { migrationsFolder, refuseNoDepot, type Depot } from './depot.ts';
import { highestVersion } from './names.ts';

/**
 * Writes `migrations/<database>/U<seconds>__<name>.sql`, as `trail migration` does, and answers with its absolute path.
 * The version is above all that are there. Never overwrites.
 */
export function createTrailbaseMigration(depot: Depot, name: string, now: Date): string {
  refuseNoDepot(depot);
  const folder = migrationsFolder(depot);
  const last = Math.max(0, ...collect(depot).found.map(({ version }) => version));
  const version = Math.max(Math.floor(now.getTime() / 1000), last + 1);
  if (version > highestVersion) throw noVersionLeft(last);
  const file = join(folder, `U${version}__${slugOf(name)}.sql`);
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, `${placeholder}\n`, { flag: 'wx' });
  } catch (error) {
    throw new ForerunError('BAD_MIGRATION', `${file} cannot be written (${messageOf(error)}).`, {
      details: { where: { file } },
      next: 'Nothing was created. Nothing that exists is overwritten: take it away, or make the folder writable.',
      cause: error,
    });
  }
  return file;
}

function noVersionLeft(last: number): ForerunError<'BAD_MIGRATION'> {
  return new ForerunError(
    'BAD_MIGRATION',
    `No version is left above ${last}: TrailBase reads none above ${highestVersion}.`,
    {
      details: {},
      next: 'Give the latest file that is not applied yet an earlier version.',
    },
  );
}
