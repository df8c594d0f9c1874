import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import { databaseName } from '../../src/providers/postgres/records.ts';
import { memory } from '../support/postgres/initialised.ts';
import type { PostgresServer, ServerVersion } from '../support/postgres.ts';
import type { Scenario } from './scenario.ts';
import type { NewWorld } from './world.ts';

/** Makes the databases of its worlds of one that is there already, which is quicker than filling each. */
export async function postgresWorlds(server: PostgresServer): Promise<NewWorld> {
  await server.createDatabase('shop');
  await server.query(shop, 'shop');
  let made = 0;
  return async (scenario) => {
    const root = await mkdtemp(join(memory, 'forerun-test-'));
    await mkdir(join(root, 'migrations'));
    for (const [name, text] of Object.entries(scenario.files)) await writeFile(join(root, 'migrations', name), text);
    const name = `main_${(made += 1)}`;
    await server.query(`CREATE DATABASE ${name} TEMPLATE shop`);
    const place = { root, database: server.url(name) };
    return {
      ...place,
      scenario,
      setup: await scenario.setup(place),
      write: async (sql) => void (await server.query(sql, name)),
      async [Symbol.asyncDispose]() {
        await dropAll(server, name);
        await rm(root, { recursive: true, force: true });
      },
    };
  };
}

/**
 * The steps that are taken on a version: every second one, and the others on the other version, since a run on a server
 * takes its time. A scenario that is like others until its first migration is run begins there.
 */
export function stepsOn(
  version: ServerVersion,
  { likeOthers = false }: Scenario,
  rehearsing: number,
  steps: readonly number[],
): readonly number[] {
  const own = likeOthers ? steps.filter((step) => step >= rehearsing) : steps;
  return own.filter((_, at) => at % 2 === (version === 15 ? 0 : 1));
}

export const shop: string = `
  CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT UNIQUE NOT NULL, name TEXT NOT NULL);
  INSERT INTO users VALUES (1, 'alice@example.com', 'Alice'), (2, 'bob@example.com', 'Bob');
  CREATE FUNCTION slow(name TEXT) RETURNS TEXT IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN
    IF current_database() LIKE 'main%' THEN PERFORM pg_sleep(0.5); END IF; RETURN name; END $$;
`;

/** Main and all of its copies, those that were cut short included. */
async function dropAll(server: PostgresServer, main: string): Promise<void> {
  const client = new Client({ connectionString: server.socketUrl() });
  await client.connect();
  try {
    const { rows } = await client.query<{ name: string }>(
      `SELECT datname AS name FROM pg_database WHERE datname = $1 OR (datname LIKE 'forerun%' AND right(datname, 8) = $2)`,
      [main, databaseName('', main).slice(-8)],
    );
    for (const { name } of rows) await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  } finally {
    await client.end();
  }
}
