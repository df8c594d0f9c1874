import type { Row, Session } from '../../seams/driver.ts';
import type { TableShape } from '../own-tables.ts';
import { quoteIdentifier, quoteLiteral, type TableParts } from './names.ts';

/** Columns and primary key of tables, in their order; no columns where there is no table. One query. */
export async function shapesOf(session: Session, tables: readonly TableParts[]): Promise<readonly TableShape[]> {
  const rows = await session.query(`${tables.map(columnsQuery).join(' UNION ALL ')} ORDER BY number`);
  return tables.map((_, place) => {
    const columns = rows.filter((row) => row['place'] === place);
    const named = (those: readonly Row[]): readonly string[] => those.map((row) => String(row['column']));
    return { columns: named(columns), key: named(columns.filter((row) => row['key'] === true)) };
  });
}

/** Without parameters and joins, which take the server longer to plan than all of this to answer. */
function columnsQuery({ schema, table }: TableParts, place: number): string {
  const name = quoteLiteral(`${quoteIdentifier(schema)}.${quoteIdentifier(table)}`);
  return `
    SELECT ${place} AS place, a.attnum AS number, a.attname AS column,
           a.attnum = ANY ((SELECT p.conkey FROM pg_catalog.pg_constraint AS p WHERE p.conrelid = a.attrelid AND p.contype = 'p')::int2[]) AS key
      FROM pg_catalog.pg_attribute AS a
     WHERE a.attrelid = to_regclass(${name}) AND a.attnum > 0 AND NOT a.attisdropped`;
}
