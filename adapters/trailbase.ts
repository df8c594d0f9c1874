import type { Adapter } from '../src/seams/adapter.ts';
import { createTrailbaseMigration } from './trailbase/create.ts';
import { driverFor } from './trailbase/driver.ts';
import { databaseFile, depotAt, refuseNoDepot, type Depot } from './trailbase/depot.ts';

export { trailbaseDriver } from './trailbase/driver.ts';

export interface TrailbaseOptions {
  /** TrailBase's folder, relative to the configuration. @default 'traildepot' */
  readonly depot?: string;
  /**
   * The database of the depot that runs are about, by its name in `data`. Each other database has migrations and a history
   * of its own, and is run by a configuration of its own. @default 'main'
   */
  readonly database?: string;
}

/**
 * The migrations of a TrailBase depot, for its SQLite databases: `migrations/<database>/U<version>__<name>.sql`, and
 * `V<version>__<name>.sql`. What was applied is recorded in TrailBase's own table as TrailBase records it, so that TrailBase
 * finds nothing left to do. Whatever it would refuse to start with, or silently never run, is refused.
 */
export function trailbase(options: TrailbaseOptions = {}): Adapter {
  const depotIn = (root: string): Depot => depotAt(root, options.depot ?? 'traildepot', options.database ?? 'main');
  return {
    name: 'trailbase',
    async database(root) {
      const depot = depotIn(root);
      refuseNoDepot(depot);
      return databaseFile(depot);
    },
    driver: driverFor,
    async source(setup) {
      return (await import('./trailbase/source.ts')).trailbaseSource(depotIn(setup.root), setup);
    },
    create: async (root, name, now) => [createTrailbaseMigration(depotIn(root), name, now)],
  };
}
