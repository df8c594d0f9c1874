import type { Session } from '../../seams/driver.ts';
import { isTable, nameOf } from './tables.ts';

/** A table with rows of its own, as one of two databases has it. */
export interface TableState {
  readonly name: string;
  /** In order, without generated ones. */
  readonly columns: readonly ColumnState[];
  /** Names of the columns of its primary key, else of a unique index on columns that are not null; empty without. */
  readonly key: readonly string[];
  /** Names of its constraints, indexes and owned sequences, which stay when it is renamed. */
  readonly marks: readonly string[];
  /** With indexes. */
  readonly bytes: number;
  /** Without. */
  readonly rowBytes: number;
}

export interface ColumnState {
  readonly name: string;
  /** As SQL names it. */
  readonly type: string;
}

/** Call it under fixed settings. One query. */
export async function tableStates(session: Session, leftOut: readonly string[]): Promise<readonly TableState[]> {
  const rows = await session.query(statesQuery(leftOut));
  return rows.map((row) => ({
    name: nameOf(row),
    columns: (JSON.parse(String(row['columns'])) as [string, string][]).map(([name, type]) => ({ name, type })),
    key: keyIn(row['key']),
    marks: JSON.parse(String(row['marks'])) as string[],
    bytes: Number(row['bytes']),
    rowBytes: Number(row['row_bytes']),
  }));
}

function keyIn(list: unknown): readonly string[] {
  return typeof list === 'string' ? (JSON.parse(list) as string[]) : [];
}

const statesQuery = (leftOut: readonly string[]): string => `
  SELECT n.nspname AS schema, c.relname AS table, pg_total_relation_size(c.oid) AS bytes, pg_table_size(c.oid) AS row_bytes,
         (SELECT coalesce(json_agg(json_build_array(a.attname, format_type(a.atttypid, a.atttypmod)) ORDER BY a.attnum), '[]')::text
            FROM pg_catalog.pg_attribute AS a
           WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '') AS columns,
         (SELECT (SELECT json_agg(a.attname ORDER BY k.place)::text
                    FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k(number, place)
                    JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = k.number
                   WHERE k.place <= i.indnkeyatts)
            FROM pg_catalog.pg_index AS i
           WHERE i.indrelid = c.oid AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND 0 <> ALL (i.indkey::int2[])
             AND NOT EXISTS (SELECT FROM pg_catalog.pg_attribute AS a
                              WHERE a.attrelid = c.oid AND a.attnum = ANY (i.indkey::int2[]) AND (NOT a.attnotnull OR a.attgenerated <> ''))
           ORDER BY i.indisprimary DESC, i.indexrelid LIMIT 1) AS key,
         (SELECT coalesce(json_agg(m.name), '[]')::text
            FROM (SELECT conname AS name FROM pg_catalog.pg_constraint WHERE conrelid = c.oid AND contype <> 'n'
                   UNION
                  SELECT x.relname FROM pg_catalog.pg_index AS i JOIN pg_catalog.pg_class AS x ON x.oid = i.indexrelid WHERE i.indrelid = c.oid
                   UNION
                  SELECT s.relname FROM pg_catalog.pg_depend AS d JOIN pg_catalog.pg_class AS s ON s.oid = d.objid AND s.relkind = 'S'
                   WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.refclassid = 'pg_catalog.pg_class'::regclass
                     AND d.refobjid = c.oid AND d.deptype IN ('a', 'i')) AS m) AS marks
    FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
   WHERE ${isTable(leftOut)}
   ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"`;
