import { resolve } from 'node:path';
import type { Adapter } from '../src/seams/adapter.ts';
import { createTrailbaseMigration } from './trailbase/create.ts';
import { driverFor } from './trailbase/driver.ts';
import { databaseAt, databaseFile, depotAt, refuseNoDepot, refuseOther, type Depot } from './trailbase/depot.ts';

export { trailbaseDriver } from './trailbase/driver.ts';

export interface TrailbaseOptions {
  /** TrailBase's folder, relative to the configuration. @default 'traildepot' */
  readonly depot?: string;
  /**
   * The database of the depot that runs are about, by its name in `data`. Each has migrations and a history of its own, so
   * that one is run after the other, by a configuration for each or by the address of its file.
   * @default the one whose address is given, else `main`
   */
  readonly database?: string;
}

/**
 * The migrations of a TrailBase depot, for its SQLite databases: `migrations/<database>/U<version>__<name>.sql`, and
 * `V<version>__<name>.sql`. What was applied is recorded in TrailBase's own table as TrailBase records it, so that TrailBase
 * finds nothing left to do. Whatever it would refuse to start with, or silently never run, is refused.
 */
export function trailbase(options: TrailbaseOptions = {}): Adapter {
  const folder = options.depot ?? 'traildepot';
  const depotIn = (root: string, database = options.database ?? 'main'): Depot => depotAt(root, folder, database);
  return {
    name: 'trailbase',
    async database(root) {
      const depot = depotIn(root);
      refuseNoDepot(depot);
      return databaseFile(depot);
    },
    driver: driverFor,
    async source(setup) {
      const addressed = databaseAt({ folder: resolve(setup.root, folder) }, setup.main.path);
      const depot = depotIn(setup.root, options.database ?? addressed);
      refuseOther(depot, addressed);
      return (await import('./trailbase/source.ts')).trailbaseSource(depot, setup);
    },
    create: async (root, name, now) => [createTrailbaseMigration(depotIn(root), name, now)],
  };
}
