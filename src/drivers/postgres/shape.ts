import type { Session } from '../../seams/driver.ts';
import type { TableShape } from '../own-tables.ts';
import type { TableParts } from './names.ts';

/** Columns and primary key of tables, in their order; no columns where there is no table. One query. */
export async function shapesOf(session: Session, tables: readonly TableParts[]): Promise<readonly TableShape[]> {
  const rows = await session.query(
    `SELECT n.nspname || '.' || c.relname AS name, a.attname AS column, coalesce(a.attnum = ANY (p.conkey), false) AS key
       FROM pg_catalog.pg_class AS c
       JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
       JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
       LEFT JOIN pg_catalog.pg_constraint AS p ON p.conrelid = c.oid AND p.contype = 'p'
      WHERE (n.nspname, c.relname) IN (SELECT * FROM unnest($1::name[], $2::name[]))
      ORDER BY a.attnum`,
    [tables.map(({ schema }) => schema), tables.map(({ table }) => table)],
  );
  return tables.map(({ schema, table }) => {
    const columns = rows.filter((row) => row['name'] === `${schema}.${table}`);
    return {
      columns: columns.map((row) => String(row['column'])),
      key: columns.filter((row) => row['key'] === true).map((row) => String(row['column'])),
    };
  });
}
