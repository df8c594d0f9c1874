import type { Client } from 'pg';
import { lossOr, unusable } from '../../drivers/postgres/failures.ts';
import { ForerunError, messageOf } from '../../error.ts';
import type { Row, Session } from '../../seams/driver.ts';
import type { Target } from '../../seams/target.ts';
import { clientAddress, type Place } from './address.ts';

/** A session of ours, most often in the maintenance database. */
export interface ServerSession extends Session, AsyncDisposable {
  readonly pid: number;
  /** `server_version_num`. */
  readonly version: number;
  readonly user: string;
  readonly place: Place;
  /** Whether a connection pooler stands before the server: its settings are then the server's own. */
  readonly pooled: boolean;
  /** Whether the session keeps this process from ending. One that does not must while it is waited for. */
  keepAlive(on: boolean): void;
  /** Told once where the server or the network ends the session. */
  onLost(told: () => void): void;
}

export interface SessionOptions {
  /** Shown to others as `forerun:<run>`, by which recovery finds what a dead run left working. */
  readonly run?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Connects. Errors that leave here have PostgreSQL's message and code alone: its DETAIL and CONTEXT hold values; they are
 * `UNREACHABLE` where the server does not answer, or is gone. Where the signal is aborted, the statement at work is
 * cancelled and the reason thrown.
 */
export async function openSession(target: Target, options: SessionOptions = {}): Promise<ServerSession> {
  const { signal } = options;
  signal?.throwIfAborted();
  const client = await connect(target, options.run);
  // Its types leave these out.
  const held = client as unknown as { ref(): void; unref(): void };
  let lost: (() => void) | undefined;
  client.on('error', () => lost?.());

  const query = async (sql: string, params?: readonly unknown[]): Promise<readonly Row[]> => {
    signal?.throwIfAborted();
    try {
      const result = (await client.query(sql, params === undefined ? undefined : [...params])) as Results;
      return (Array.isArray(result) ? result.at(-1) : result)?.rows ?? [];
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      throw bare(lossOr(target, error));
    }
  };
  const { processID } = client as unknown as { processID: number | null };
  const [about] = await query(prepare(processID));
  const pid = Number(about?.['pid']);
  const cancel = (): void => void cancelStatement(target, pid).catch(() => {});
  signal?.addEventListener('abort', cancel);
  return {
    pid,
    version: Number(about?.['version']),
    user: String(about?.['user']),
    pooled: pid !== processID,
    place: { host: client.host, port: client.port, user: client.user ?? String(about?.['user']) },
    query,
    keepAlive: (on) => (on ? held.ref() : held.unref()),
    onLost: (told) => (lost = told),
    async [Symbol.asyncDispose]() {
      signal?.removeEventListener('abort', cancel);
      await client.end().catch(() => {});
    },
  };
}

/** Several statements answer several results, which the client's types do not say. */
type Results = { readonly rows?: readonly Row[] } | { readonly rows?: readonly Row[] }[];

/**
 * Settings of the role or of the database could end a long copy, or change what a literal means. A pooler, which has
 * numbers of its own for sessions, would give a session with ours to an application.
 */
function prepare(processID: number | null): string {
  const settings = Object.entries(fixed).map(
    ([name, value]) => `set_config('${name}', '${value}', pg_backend_pid() IS DISTINCT FROM ${processID ?? 'NULL'})`,
  );
  return `SELECT ${settings.join(', ')}, pg_backend_pid() AS pid, current_user::text AS user,
    current_setting('server_version_num')::int AS version`;
}

const fixed: Readonly<Record<string, string>> = {
  statement_timeout: '0',
  lock_timeout: '0',
  idle_in_transaction_session_timeout: '0',
  idle_session_timeout: '0',
  search_path: '',
  standard_conforming_strings: 'on',
  extra_float_digits: '1',
  default_transaction_read_only: 'off',
  client_min_messages: 'warning',
};

async function connect(target: Target, run: string | undefined): Promise<Client> {
  const { Client } = await import('pg');
  const { connectionString, database } = clientAddress(target);
  const client = new Client({
    connectionString,
    application_name: run === undefined ? 'forerun' : `forerun:${run}`,
    connectionTimeoutMillis: 30_000,
  });
  // Its types leave this out.
  (client as unknown as { connectionParameters: { database: string } }).connectionParameters.database = database;
  // Unheard, one would end the process.
  client.on('error', () => {});
  try {
    await client.connect();
  } catch (error) {
    await client.end().catch(() => {});
    throw unreached(target, error) ?? bare(error);
  }
  return client;
}

async function cancelStatement(target: Target, pid: number): Promise<void> {
  const client = await connect(target, undefined);
  await client.query('SELECT pg_cancel_backend($1)', [pid]);
  await client.end();
}

/** Where nobody answered, or the server takes no connection: that is no matter of what was to be done there. */
function unreached(target: Target, error: unknown): ForerunError | undefined {
  const told = unusable(target, error);
  return told.code === 'UNREACHABLE' ? told : undefined;
}

function bare(error: unknown): Error {
  if (error instanceof ForerunError) return error;
  const code = codeOf(error);
  return Object.assign(new Error(messageOf(error)), code === undefined ? {} : { code });
}

/** PostgreSQL's own code (`55006`), or Node's (`ECONNREFUSED`). */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
