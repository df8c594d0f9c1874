import { ForerunError } from '../../error.ts';
import type { Row } from '../../seams/driver.ts';
import type { Target } from '../../seams/target.ts';
import type { PostgresConnection } from './connection.ts';
import { ownTables } from './names.ts';
import { poolerRefusal } from './pooler.ts';

export interface ExamineOptions {
  readonly use: 'reading' | 'writing';
  readonly historySchema: string;
  connect(target: Target): Promise<PostgresConnection>;
}

/** Throws `BAD_TARGET` for whatever is wrong with main, in words that say what to do, and `UNREACHABLE` for its server. */
export async function examinePostgres(target: Target, options: ExamineOptions): Promise<void> {
  await using connection = await options.connect(target);
  // A pooler that tells of its sessions as the server does is not seen when it is connected to.
  const [now] = await connection.query('SELECT pg_backend_pid() AS pid');
  if (Number(now?.['pid']) !== connection.pid) throw poolerRefusal(target);
  const [state] = await connection.query(stateQuery, [options.historySchema, ownTables]);
  refuseUnreadable(target, state ?? {}, options.historySchema);
  if (options.use === 'writing') refuseReadOnly(target, state ?? {}, options.historySchema);
}

const stateQuery = `
  WITH own AS (
    SELECT c.oid, c.relname, has_schema_privilege(n.oid, 'USAGE') AS usage
      FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
     WHERE n.nspname = $1 AND c.relname = ANY ($2))
  SELECT pg_is_in_recovery() AS standby, current_setting('default_transaction_read_only') = 'on' AS readonly,
         current_user::text AS role,
         (SELECT has_schema_privilege(n.oid, 'USAGE') AND has_schema_privilege(n.oid, 'CREATE') FROM pg_catalog.pg_namespace AS n WHERE n.nspname = $1) AS create,
         (SELECT count(*)::int FROM own) AS own,
         (SELECT string_agg(relname, ', ' ORDER BY relname) FROM own WHERE NOT (usage AND has_table_privilege(oid, 'SELECT'))) AS unreadable,
         (SELECT string_agg(relname, ', ' ORDER BY relname) FROM own
           WHERE NOT (usage AND has_table_privilege(oid, 'INSERT') AND has_table_privilege(oid, 'UPDATE'))) AS unwritable`;

function refuseUnreadable(target: Target, state: Row, schema: string): void {
  const tables = state['unreadable'];
  if (typeof tables !== 'string') return;
  const role = String(state['role']);
  throw bad(
    target,
    `The role ${role} may not read ${tables} in the schema ${schema} of ${target.url}, where Forerun keeps what was applied.`,
    `Look as the role that owns them, or grant it: GRANT SELECT ON ${tables} TO ${role}`,
  );
}

function refuseReadOnly(target: Target, state: Row, schema: string): void {
  const { url } = target;
  if (state['standby'] === true) {
    throw bad(
      target,
      `The server of ${url} is a read-only standby, which cannot be written.`,
      'Use the address of the primary.',
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
  const tables = state['unwritable'];
  if (typeof tables === 'string') {
    throw bad(
      target,
      `The role ${role} may not write ${tables} in the schema ${schema} of ${url}, where Forerun keeps what was applied.`,
      `Migrate as the role that owns it, or grant it: GRANT INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${schema} TO ${role}`,
    );
  }
  // There are all or none, save where something else came between.
  if (Number(state['own']) === ownTables.length || state['create'] === true) return;
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
