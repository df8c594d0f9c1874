import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { Client, escapeIdentifier, type QueryResult } from 'pg';
import { initialised } from './postgres/initialised.ts';
import { launch } from './postgres/launch.ts';
import { programs, type ServerVersion } from './postgres/programs.ts';

export type { ServerVersion } from './postgres/programs.ts';

/** A server of its own, made for one test file. Tests in it share the server and make databases of their own. */
export interface PostgresServer extends AsyncDisposable {
  readonly version: ServerVersion;
  readonly port: number;
  readonly dataFolder: string;
  readonly socketFolder: string;
  /** Over TCP, as the superuser `postgres`, without a password. `postgres` where no database is named. */
  url(database?: string): string;
  /** Over the socket. */
  socketUrl(database?: string): string;
  /** A new database, named uniquely where no name is given. Answers its URL. */
  createDatabase(name?: string): Promise<string>;
  /** For set-up: on a connection of its own that is closed afterwards. Answers the rows of the last statement. */
  query(sql: string, database?: string): Promise<Record<string, unknown>[]>;
  /** Ends the server and removes its folder. Safe to repeat. */
  stop(): Promise<void>;
  /** Also after `kill`. The port stays. */
  restart(): Promise<void>;
  /** SIGKILL to the postmaster. */
  kill(): Promise<void>;
}

export interface PostgresOptions {
  /** @default 15 */
  readonly version?: ServerVersion;
  /** Lines of postgresql.conf. fsync is off unless it is set here. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Lines of pg_hba.conf that come before those that trust everybody. */
  readonly hba?: readonly string[];
  /** Where the server's folder is made. Memory, where the system has it. */
  readonly parent?: string;
}

/**
 * Starts a PostgreSQL server in well under a second: initdb runs once for each version and its result is copied. The
 * server ends with `stop`, and also when this process dies.
 */
export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  const version = options.version ?? 15;
  const use = await programs(version);
  const server = await launch(use, await initialised(use), options);

  const url = (database = 'postgres'): string =>
    `postgres://postgres@127.0.0.1:${server.port}/${encodeURIComponent(database)}`;
  const query = async (sql: string, database = 'postgres'): Promise<Record<string, unknown>[]> => {
    const client = new Client({ host: server.folder, port: server.port, user: 'postgres', database });
    await client.connect();
    try {
      // Several statements answer several results, which the types do not say.
      const result = (await client.query(sql)) as QueryResult | QueryResult[];
      return (Array.isArray(result) ? result.at(-1)?.rows : result.rows) ?? [];
    } finally {
      await client.end();
    }
  };

  return {
    version,
    port: server.port,
    dataFolder: join(server.folder, 'data'),
    socketFolder: server.folder,
    url,
    socketUrl: (database = 'postgres') =>
      `postgres://postgres@/${encodeURIComponent(database)}?host=${encodeURIComponent(server.folder)}&port=${server.port}`,
    async createDatabase(name = `db_${randomBytes(5).toString('hex')}`) {
      // Without a write-ahead log of every page: these are small, and many.
      await query(`CREATE DATABASE ${escapeIdentifier(name)}${version < 15 ? '' : ' STRATEGY file_copy'}`);
      return url(name);
    },
    query,
    stop: () => server.stop(),
    restart: () => server.restart(),
    kill: () => server.kill(),
    [Symbol.asyncDispose]: () => server.stop(),
  };
}
