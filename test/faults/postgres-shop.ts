import { join } from 'node:path';
import { Client } from 'pg';
import { resolveConfig } from '../../src/config.ts';
import { postgres, type PostgresOptions } from '../../src/drivers/postgres.ts';
import { template } from '../../src/providers/template.ts';
import type { Setup } from '../../src/setup.ts';
import type { PostgresServer } from '../support/postgres.ts';
import type { NewWorld, World } from './world.ts';

/** The program as users run it; compiled before the tests. */
export const forerun: string = join(import.meta.dirname, '../../bin/forerun.js');

/** A shop with pending migrations, and what others do to it meanwhile. */
export interface Shop extends World {
  /** Of its main. */
  readonly name: string;
  /** A deployer's setup. `promoting` is awaited right before a migration is promoted. */
  deployer(options?: PostgresOptions, promoting?: () => Promise<void>): Promise<Setup>;
  /** Somebody else's session. */
  client(application: string): Promise<Client>;
  /** Answers the rows of the last statement. */
  query(sql: string): Promise<Record<string, unknown>[]>;
}

export async function newShop(
  server: PostgresServer,
  newWorld: NewWorld,
  files: Readonly<Record<string, string>>,
): Promise<Shop> {
  const setup = (
    { root, database }: { root: string; database: string },
    options: PostgresOptions = {},
  ): Promise<Setup> =>
    resolveConfig({
      database,
      root,
      driver: postgres({ root, ...options }),
      provider: template(),
      lockWaitSeconds: 20,
    });
  const world = await newWorld({ name: 'shop', files, setup: (place) => setup(place) });
  const name = new URL(world.database).pathname.slice(1);
  return {
    ...world,
    name,
    async deployer(options = {}, promoting) {
      const made = await setup(world, options);
      return promoting === undefined ? made : { ...made, source: { ...made.source, promoting } };
    },
    async client(application) {
      const client = new Client({ connectionString: world.database, application_name: application });
      // Ended with the server, or by the test.
      client.on('error', () => {});
      await client.connect();
      return client;
    },
    query: (sql) => server.query(sql, name),
  };
}

/** Waits until a query answers a row. */
export async function until(ask: () => Promise<readonly unknown[]>): Promise<void> {
  while ((await ask()).length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
}
