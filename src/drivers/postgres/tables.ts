import type { Session, TableColumns } from '../../seams/driver.ts';
import { ownTables, quoteLiteral, tableName } from './names.ts';

/**
 * Tables with rows of their own: ordinary ones and the leaves of partitioned ones, with their columns in order, without
 * generated ones. Not among them are foreign tables, temporary ones, those of extensions and those of `leftOut`.
 */
export async function postgresTables(
  session: Session,
  leftOut: readonly string[] = ownTables,
): Promise<readonly TableColumns[]> {
  const rows = await session.query(`
    SELECT n.nspname AS schema, c.relname AS table,
           (SELECT coalesce(json_agg(a.attname ORDER BY a.attnum), '[]')::text FROM pg_catalog.pg_attribute AS a
             WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '') AS columns
      FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
     WHERE ${isTable(leftOut)}
     ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"`);
  return rows.map((row) => ({ table: nameOf(row), columns: JSON.parse(String(row['columns'])) as string[] }));
}

/** For `pg_class AS c` and its `pg_namespace AS n`. */
export function isTable(leftOut: readonly string[]): string {
  return `c.relkind = 'r' AND c.relpersistence <> 't'
  AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND c.relname NOT IN (${leftOut.map(quoteLiteral).join(', ')})
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d
                   WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')`;
}

/** The name of the table in a row with `schema` and `table`. */
export function nameOf(row: Readonly<Record<string, unknown>>): string {
  return tableName({ schema: String(row['schema']), table: String(row['table']) });
}
