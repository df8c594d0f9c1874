import { ForerunError } from '../../error.ts';
import type { Connection, Row } from '../../seams/driver.ts';
import type { Target } from '../../seams/target.ts';
import { loadClient, type Answer, type PostgresClient } from './client.ts';
import { connectClient, type Connected } from './connect.ts';
import { bare, unusable } from './failures.ts';
import { executeStatement } from './execute.ts';
import { loadParser } from './parser.ts';
import { areShared, poolerRefusal } from './pooler.ts';
import { readable } from './readable.ts';
import { rowsByCursor } from './rows.ts';
import { hasCode } from './settings.ts';

export interface PostgresConnection extends Connection {
  readonly client: PostgresClient;
  readonly target: Target;
  readonly pid: number;
  /** Tells this session from a later one with the same pid. */
  readonly begun: string;
  /** The role that it began with: scripts take on others. */
  readonly role: string;
  /** `server_version_num`. */
  readonly version: number;
  /** Whether the server or the network ended it. */
  lost(): boolean;
  /**
   * As `query`, for one of a small set of texts that are asked again and again: the server plans it once a session. `name`
   * says what it asks; what it answers with must never change its columns.
   */
  planned(name: string, sql: string, params?: readonly unknown[]): Promise<readonly Row[]>;
  /** Runs one statement and drops what it returns; answers how many rows it changed, where it changes rows. */
  execute(sql: string): Promise<number | undefined>;
  /** Another connection to the same database, by the same name. */
  beside(): Promise<PostgresConnection>;
}

/** Limits of time that the role or the database has set do not hold for it. Throws `BAD_TARGET`. */
export async function connect(target: Target, name: string): Promise<PostgresConnection> {
  // Reading a script is synchronous once it is there. First, as nobody would end the session where it is missing.
  await loadParser();
  const { client, lost } = await connectClient(target, name);
  const types = readable((await loadClient()).types);
  const ask = async (text: string, values: readonly unknown[], name?: string): Promise<readonly Row[]> => {
    try {
      const named = name === undefined ? {} : { name: `${planPrefix}${name}` };
      const answer = await client.query({
        text,
        types,
        ...named,
        ...(values.length === 0 ? {} : { values: [...values] }),
      });
      return (isSeveral(answer) ? answer.at(-1) : answer)?.rows ?? [];
    } catch (error) {
      throw bare(error);
    }
  };
  const query = (text: string, values: readonly unknown[] = []): Promise<readonly Row[]> => ask(text, values);
  const plans = new Map<string, string>();
  const planOf = (name: string, text: string): string => {
    const plan = plans.get(text) ?? `${name}_${plans.size}`;
    plans.set(text, plan);
    return plan;
  };
  const beside = (): Promise<Connected> => connectClient(target, name);
  const about = await prepare(target, { client, query, beside }).catch(async (error: unknown) => {
    await client.end().catch(() => {});
    throw unusable(target, error);
  });
  return {
    client,
    target,
    pid: Number(about['pid']),
    begun: String(about['begun']),
    role: String(about['role']),
    version: Number(about['version']),
    lost,
    query,
    planned: (asked, sql, params = []) => ask(sql, params, planOf(asked, sql)),
    execute: (sql) => executeStatement(client, sql),
    rows: (sql, params = []) => rowsByCursor({ query }, sql, params),
    beside: () => connect(target, name),
    async [Symbol.asyncDispose]() {
      await client.end().catch(() => {});
    },
  };
}

/** Of several statements without parameters, the last one's. */
function isSeveral(answer: Answer | readonly Answer[]): answer is readonly Answer[] {
  return Array.isArray(answer);
}

/** Of the names of statements that are prepared by us. */
export const planPrefix = 'forerun_';

/** A literal `local` that is true sets nothing beyond the statement. */
function settings(local: string, more: Readonly<Record<string, string>> = {}): string {
  return Object.entries({ ...fixed, ...more })
    .map(([name, value]) => `set_config('${name}', '${value}', ${local})`)
    .join(', ');
}

const fixed: Readonly<Record<string, string>> = {
  statement_timeout: '0',
  lock_timeout: '0',
  idle_in_transaction_session_timeout: '0',
  idle_session_timeout: '0',
  standard_conforming_strings: 'on',
  quote_all_identifiers: 'off',
  client_min_messages: 'warning',
};

/** The statement of a client that was killed shall not go on; not every system can look for that. */
const whileConnected = { client_connection_check_interval: '1s' };

/** For a session that is used again as if it were new. */
export const freshSettings: string = settings('false', whileConnected);

const about = `pg_backend_pid() AS pid, current_setting('role') AS role, current_setting('server_version_num')::int AS version,
  (SELECT backend_start::text FROM pg_stat_get_activity(pg_backend_pid())) AS begun`;

interface Begun {
  readonly client: PostgresClient;
  query(sql: string): Promise<readonly Row[]>;
  beside(): Promise<Connected>;
}

async function prepare(target: Target, { client, query, beside }: Begun): Promise<Row> {
  const select = async (local: string): Promise<Row> => {
    const [row] = await query(`SELECT ${settings(local, whileConnected)}, ${about}`).catch((error: unknown) => {
      if (hasCode(error, '22023')) return query(`SELECT ${settings(local)}, ${about}`);
      throw error;
    });
    return row ?? {};
  };
  try {
    // A pooler has numbers of its own for sessions, and settings would stay behind in one that an application gets next.
    const row = await select(`pg_backend_pid() IS DISTINCT FROM ${client.processID ?? 'NULL'}`);
    if (Number(row['pid']) === client.processID) return row;
    const other = await beside();
    try {
      if (await areShared(client, other.client)) throw poolerRefusal(target);
    } finally {
      await other.client.end().catch(() => {});
    }
    return await select('false');
  } catch (error) {
    const [row] = hasCode(error, '42704') ? await query('SHOW server_version') : [];
    throw row === undefined ? error : tooOld(target, String(row['server_version']));
  }
}

function tooOld({ url }: Target, version: string): ForerunError<'BAD_TARGET'> {
  return new ForerunError('BAD_TARGET', `The server of ${url} is PostgreSQL ${version}.`, {
    details: { target: url },
    next: 'Forerun works with PostgreSQL 14 and later.',
  });
}
