import { isNoPath } from '../../src/address-form.ts';
import { sqlite, type SqliteOptions } from '../../src/drivers/sqlite.ts';
import { ForerunError } from '../../src/error.ts';
import type { Driver } from '../../src/seams/driver.ts';
import { registerStandIns } from './stand-ins.ts';
import { registerUuids } from './uuid.ts';

/**
 * The driver for TrailBase's databases: SQLite with TrailBase's functions and settings on every connection. `setup` comes
 * after them, for functions of a project's own (those of WASM components, for example). TrailBase's `trusted_schema = OFF`
 * is not set: it would refuse the functions, which cannot be called innocuous from here.
 */
export function trailbaseDriver({ setup }: Pick<SqliteOptions, 'setup'> = {}): Driver {
  return sqlite({
    // TrailBase turns keys off while a migration runs, so that nothing cascades, and checks them at its end.
    scriptKeys: 'checked',
    setup(database) {
      database.pragma('case_sensitive_like = ON');
      database.pragma('temp_store = MEMORY');
      registerUuids(database);
      registerStandIns(database);
      setup?.(database);
    },
  });
}

export async function driverFor(address: string): Promise<Driver> {
  if (!isNoPath(address)) return trailbaseDriver();
  throw new ForerunError('BAD_TARGET', "Forerun's adapter for TrailBase serves its SQLite databases.", {
    details: { target: /^[a-z][\w+.-]*:/i.exec(address)?.[0] ?? '' },
    next: "Leave `database` out of the configuration, or give the path of a database in the depot's data folder.",
  });
}
