import type { Session } from '../../seams/driver.ts';
import { tableParts } from './names.ts';

/** Those of some tables whose rows the session's role may not all see, with the reason in words. */
export async function hiddenRows(session: Session, tables: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const parts = tables.map(tableParts);
  const rows = await session.query(
    `SELECT u.name, current_user::text AS role,
            has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') AS readable
       FROM unnest($1::text[], $2::name[], $3::name[]) AS u(name, schema, "table")
       JOIN pg_catalog.pg_namespace AS n ON n.nspname = u.schema
       JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND c.relname = u."table"
      WHERE NOT (has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')) OR row_security_active(c.oid)`,
    [tables, parts.map(({ schema }) => schema), parts.map(({ table }) => table)],
  );
  return new Map(
    rows.map((row) => {
      const role = String(row['role']);
      const why =
        row['readable'] === true ? `row security hides rows from the role ${role}` : `the role ${role} may not read it`;
      return [String(row['name']), why];
    }),
  );
}
