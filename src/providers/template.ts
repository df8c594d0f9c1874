import { ForerunError } from '../error.ts';
import type { Provider } from '../seams/provider.ts';
import type { Target } from '../seams/target.ts';
import { databaseOf } from './postgres/address.ts';
import { readAttributes } from './postgres/attributes.ts';
import { createFrom, strategyFor } from './postgres/create.ts';
import { databaseCopies, fromCopy } from './postgres/databases.ts';
import { whyNoDatabase } from './postgres/dumpable.ts';
import { maintenanceOf, type DatabaseOptions } from './postgres/maintenance.ts';
import { sizeOf } from './postgres/make.ts';
import { ensureAlone } from './postgres/others.ts';
import { refusePooled } from './postgres/pooled.ts';
import { diskOf } from './postgres/room.ts';
import { openSession } from './postgres/session.ts';

export interface TemplateOptions {
  /**
   * Database that Forerun connects to for work on others: a connection to main would keep main from being copied.
   * Every deployer must name the same. @default 'postgres'; 'template1' where that is main
   */
  readonly maintenance?: string;
  /** How long to wait, in milliseconds, until nobody is connected any more. @default 1000 */
  readonly aloneWaitMs?: number;
}

/**
 * Copies of PostgreSQL databases beside main on its server, by `CREATE DATABASE … TEMPLATE`: for development and
 * continuous integration, since nobody may be connected to main while it is copied. Nothing but SQL is needed.
 */
export function template(options: TemplateOptions = {}): Provider {
  return databaseCopies(
    {
      name: 'template',
      reach: 'anywhere',
      alone: 'everything',
      server: (main) => main,
      key: async (main) => databaseOf(main),
      async take(main, { session, name }, { signal }) {
        const database = databaseOf(main);
        const attributes = await readAttributes(session, database);
        await ensureAlone(session, database, { waitMs: options.aloneWaitMs ?? 1000, next: advice, signal });
        const way = await createFrom(session, name, { database, bytes: await sizeOf(session, database) }, attributes);
        return { way, attributes };
      },
      bringBack: (checkpoint, _record, _main, work) => fromCopy(checkpoint, work, options),
      estimate: (main) => estimate(main, options),
    },
    options,
  );
}

const advice =
  'Stop those programs, connection pools included, and try again; or take a provider that copies a live database (dump, clone).';

/** Looks for rights, too: what is missing is said before anything is begun. */
async function estimate(main: Target, options: DatabaseOptions): ReturnType<Provider['estimate']> {
  await using session = await openSession(maintenanceOf(main, options));
  refusePooled(session);
  const problem = await whyNoDatabase(session, databaseOf(main));
  if (problem !== undefined) {
    const { why, next } = problem;
    throw new ForerunError('PROVIDER_FAILED', `No copy can be made by template: ${why}.`, { details: {}, next });
  }
  const bytes = await sizeOf(session, databaseOf(main));
  const disk = await diskOf(session, databaseOf(main));
  return { way: strategyFor(session.version, bytes), bytes, ...(disk === undefined ? {} : { freeBytes: disk.free }) };
}
