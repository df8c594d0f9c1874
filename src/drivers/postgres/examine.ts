import { ForerunError } from '../../error.ts';
import type { Row } from '../../seams/driver.ts';
import type { Target } from '../../seams/target.ts';
import type { PostgresConnection } from './connection.ts';
import { historyTable } from './names.ts';

export interface ExamineOptions {
  readonly use: 'reading' | 'writing';
  readonly historySchema: string;
  connect(target: Target): Promise<PostgresConnection>;
}

/** Throws `BAD_TARGET` for whatever is wrong with main, in words that say what to do. */
export async function examinePostgres(target: Target, options: ExamineOptions): Promise<void> {
  await using connection = await options.connect(target);
  await refusePooler(connection, options);
  const [state] = await connection.query(stateQuery, [options.historySchema, historyTable]);
  if (options.use === 'writing') refuseReadOnly(target, state ?? {}, options.historySchema);
}

/**
 * A pooler that gives each transaction the server session that happens to be free, mixes settings, locks and savepoints
 * up between its clients. It has numbers of its own for sessions; two clients of it come to the same session, or one
 * comes to several.
 */
async function refusePooler(connection: PostgresConnection, { connect }: ExamineOptions): Promise<void> {
  const { client, target } = connection;
  const pids = new Set([connection.pid, await pidOf(connection)]);
  let pooled = pids.size > 1;
  if (!pooled && client.processID !== connection.pid) {
    await using other = await connect(target);
    for (let time = 0; time < 3; time += 1) {
      const [one, two] = [await pidOf(connection), await pidOf(other)];
      pooled ||= one === two || one !== connection.pid || two !== other.pid;
    }
  }
  if (!pooled) return;
  throw bad(
    target,
    `Between here and ${target.url} is a connection pooler in transaction mode: one connection comes to several sessions of the server, so that locks, settings and sessions do not hold.`,
    'Give the address of the server itself, or of a pool in session mode (PgBouncer: pool_mode = session; often another port).',
  );
}

async function pidOf(connection: PostgresConnection): Promise<number> {
  const [row] = await connection.query('SELECT pg_backend_pid() AS pid');
  return Number(row?.['pid']);
}

const stateQuery = `
  SELECT pg_is_in_recovery() AS standby, current_setting('default_transaction_read_only') = 'on' AS readonly,
         current_user::text AS role,
         (SELECT has_schema_privilege(n.oid, 'USAGE') AND has_schema_privilege(n.oid, 'CREATE') FROM pg_catalog.pg_namespace AS n WHERE n.nspname = $1) AS create,
         (SELECT has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'INSERT') AND has_table_privilege(c.oid, 'UPDATE')
            FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
           WHERE n.nspname = $1 AND c.relname = $2) AS insert`;

function refuseReadOnly(target: Target, state: Row, schema: string): void {
  const { url } = target;
  if (state['standby'] === true) {
    throw bad(
      target,
      `The server of ${url} is a standby, which cannot be written.`,
      'Give the address of the primary.',
    );
  }
  if (state['readonly'] === true) {
    throw bad(
      target,
      `Transactions on ${url} are read-only by its settings (default_transaction_read_only is on).`,
      'Take the setting off the database or the role for migrations: ALTER ROLE … SET default_transaction_read_only = off',
    );
  }
  const role = String(state['role']);
  if (state['insert'] === false) {
    throw bad(
      target,
      `The role ${role} may not write ${schema}.${historyTable} of ${url}, where Forerun keeps what was applied.`,
      `Migrate as the role that owns it, or grant it: GRANT INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${schema} TO ${role}`,
    );
  }
  if (state['insert'] === true || state['create'] === true) return;
  if (state['create'] === null) {
    throw bad(
      target,
      `${url} has no schema ${schema}, where Forerun is to keep what was applied.`,
      `Make it (CREATE SCHEMA ${schema}), or name another one: historySchema of the driver.`,
    );
  }
  throw bad(
    target,
    `The role ${role} may not make tables in the schema ${schema} of ${url}, where Forerun keeps what was applied.`,
    `Grant it (GRANT USAGE, CREATE ON SCHEMA ${schema} TO ${role}), or name a schema that it may: historySchema of the driver.`,
  );
}

function bad(target: Target, message: string, next: string): ForerunError<'BAD_TARGET'> {
  return new ForerunError('BAD_TARGET', message, { details: { target: target.url }, next });
}
