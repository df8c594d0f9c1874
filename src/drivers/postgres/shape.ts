import type { Session } from '../../seams/driver.ts';
import type { TableShape } from '../own-tables.ts';
import { quoteIdentifier, type TableParts } from './names.ts';

/** Columns and primary key of tables, in their order; no columns where there is no table. One query. */
export async function shapesOf(session: Session, tables: readonly TableParts[]): Promise<readonly TableShape[]> {
  const rows = await session.query(
    `SELECT t.place::int AS place, a.attname AS column, coalesce(a.attnum = ANY (p.conkey), false) AS key
       FROM unnest($1::text[]) WITH ORDINALITY AS t(name, place)
       JOIN pg_catalog.pg_attribute AS a ON a.attrelid = to_regclass(t.name) AND a.attnum > 0 AND NOT a.attisdropped
       LEFT JOIN pg_catalog.pg_constraint AS p ON p.conrelid = a.attrelid AND p.contype = 'p'
      ORDER BY a.attnum`,
    [tables.map(({ schema, table }) => `${quoteIdentifier(schema)}.${quoteIdentifier(table)}`)],
  );
  return tables.map((_, at) => {
    const columns = rows.filter((row) => row['place'] === at + 1);
    return {
      columns: columns.map((row) => String(row['column'])),
      key: columns.filter((row) => row['key'] === true).map((row) => String(row['column'])),
    };
  });
}
