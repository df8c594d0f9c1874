import { promisify } from 'node:util';
import type { Knex } from 'knex';
import type { Connection } from '../../src/seams/driver.ts';
import type { Target } from '../../src/seams/target.ts';
import { leavesKeys } from './engine.ts';
import { knexPackage } from './package.ts';
import type { KnexProject } from './project.ts';
import type { Own } from './stuck.ts';
import { keepWords, quietErrors } from './words.ts';

/** A knex that makes queries and has no database to put them to. */
export function knexWithoutDatabase({ base, config, engine }: KnexProject): Knex {
  const { connection: _connection, pool: _pool, ...kept } = config;
  const client = engine === 'sqlite' && typeof config.client === 'string' ? 'better-sqlite3' : config.client;
  return knexPackage(base)({ ...kept, ...quietErrors, client });
}

/**
 * A knex on a raw client that is in a transaction of ours: what a migration gets from it is what Knex itself would give it,
 * save that the transaction was begun by us and is ended by us. A COMMIT that the migration asks for is really sent.
 */
export async function usingTransaction(
  project: KnexProject,
  connection: Connection,
  target: Target,
  use: (trx: Knex.Transaction, own: Own) => Promise<void>,
): Promise<void> {
  const knex = knexWithoutDatabase(project);
  keepWords(knex);
  const client = knex.client as Client;
  const raw = connection.client as RawClient;
  raw.__knexUid ??= 'forerun';
  client.connectionSettings = await connectionTo(project, target);
  client.config = { ...client.config, connection: client.connectionSettings };
  client.acquireConnection = async () => raw;
  client.releaseConnection = async () => {};
  if (engineVersion(connection) !== undefined) client.version ??= engineVersion(connection);
  const begin = client.transaction;
  let begun: Begun | undefined;
  client.transaction = (...args) => {
    begun = begin.apply(client, args);
    begun.begin = async () => {};
    return begun;
  };
  const trx = await knex.transaction();
  try {
    await use(trx, { isBusy: () => raw.readyForQuery === false, besides: project.engine === 'sqlite' ? 0 : 1 });
  } finally {
    // What the migration did not wait for fails from here on, rather than that it goes unseen.
    if (begun !== undefined) begun._completed = true;
  }
}

/** Does to a new raw client what Knex does to each that it opens. */
export async function prepare(project: KnexProject, connection: Connection): Promise<void> {
  const { config } = project;
  const raw = connection.client as RawClient;
  if (leavesKeys(config)) raw.pragma?.('foreign_keys = OFF');
  if (config.searchPath !== undefined) {
    const client = knexWithoutDatabase(project).client as Client;
    await client.setSchemaSearchPath?.(raw);
  }
  const afterCreate = config.pool?.afterCreate as AfterCreate | undefined;
  if (afterCreate !== undefined) await promisify(afterCreate)(raw);
}

/** What Knex would be told to connect to that database by. */
export async function connectionTo({ config, engine }: KnexProject, target: Target): Promise<object> {
  const { connection } = config;
  const given: unknown = typeof connection === 'function' ? await (connection as () => unknown)() : connection;
  const kept = typeof given === 'object' && given !== null ? given : {};
  if (engine === 'sqlite') return { ...kept, filename: target.path };
  return { ...kept, connectionString: target.variable };
}

/** As PostgreSQL says it of itself, which Knex would ask for. */
function engineVersion(connection: Connection): string | undefined {
  const { version } = connection as { readonly version?: number };
  return version === undefined ? undefined : `${Math.trunc(version / 10_000)}.${version % 10_000}`;
}

/** The slice of Knex's client that is used here; these members are no part of its types. */
interface Client {
  config: object;
  connectionSettings: object;
  version?: string | undefined;
  acquireConnection(): Promise<RawClient>;
  releaseConnection(connection: RawClient): Promise<void>;
  transaction(...args: unknown[]): Begun;
  /** Of PostgreSQL alone. */
  setSchemaSearchPath?(connection: RawClient): Promise<unknown>;
}

interface Begun {
  begin(): Promise<void>;
  _completed: boolean;
}

interface RawClient {
  __knexUid?: string;
  /** Of PostgreSQL. */
  readonly readyForQuery?: boolean;
  /** Of SQLite. */
  pragma?(text: string): unknown;
}

type AfterCreate = (connection: RawClient, done: (error?: Error | null) => void) => void;
