import { ForerunError } from '../../src/error.ts';
import type { KnexConfig } from './config.ts';

export type Engine = 'sqlite' | 'postgres';

const engines: Readonly<Record<string, Engine>> = {
  'better-sqlite3': 'sqlite',
  sqlite3: 'sqlite',
  sqlite: 'sqlite',
  pg: 'postgres',
  postgres: 'postgres',
  postgresql: 'postgres',
};

/** The database engine that a configuration's client is for. Throws `CONFIG` for one that is not served. */
export function engineOf({ client }: KnexConfig, where: string): Engine {
  const name = nameOf(client);
  const engine = name !== undefined && Object.hasOwn(engines, name) ? engines[name] : undefined;
  if (engine !== undefined) return engine;
  throw new ForerunError(
    'CONFIG',
    name === undefined
      ? `${where} names no client.`
      : `${where} is for the client ${name}, and Forerun serves SQLite and PostgreSQL.`,
    { details: { keys: ['client'] }, next: `Knex's clients for these are better-sqlite3, sqlite3 and pg.` },
  );
}

/** Whether Knex's client for that engine leaves foreign keys unenforced, as sqlite3 does and better-sqlite3 does not. */
export function leavesKeys({ client }: KnexConfig): boolean {
  const name = nameOf(client);
  return name === 'sqlite3' || name === 'sqlite';
}

/** A client may be a class of the project's own, which extends one of Knex's. */
function nameOf(client: unknown): string | undefined {
  if (typeof client === 'string') return client;
  if (typeof client !== 'function') return undefined;
  const { driverName } = client.prototype as { readonly driverName?: string };
  return driverName ?? client.name;
}
