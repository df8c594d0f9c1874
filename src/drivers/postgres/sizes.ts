import type { Session } from '../../seams/driver.ts';
import { tableName } from './names.ts';
import { isTable, nameOf } from './tables.ts';

export interface TableSize {
  /** As the planner believes, or counted since; undefined where nobody ever looked. */
  readonly rows: number | undefined;
  /** Rows that were deleted or overwritten and still take place, as far as the statistics know. */
  readonly deadRows: number;
  /** The table with what it stores elsewhere (TOAST), without indexes. */
  readonly bytes: number;
  /** With indexes. */
  readonly totalBytes: number;
}

export interface IndexSize {
  readonly table: string;
  readonly bytes: number;
}

export interface Sizes {
  readonly tables: ReadonlyMap<string, TableSize>;
  /** By name with schema, as tables are named. */
  readonly indexes: ReadonlyMap<string, IndexSize>;
}

/** Sizes of all that `postgresTables` lists and of its indexes, without reading a row. */
export async function approximateSizes(session: Session): Promise<Sizes> {
  const rows = await session.query(`
    WITH tables AS MATERIALIZED (
      SELECT c.oid, n.nspname, c.relname, c.reltuples
        FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
       WHERE ${isTable})
    SELECT t.nspname AS schema, t.relname AS table, NULL AS index,
           coalesce(nullif(t.reltuples, -1), nullif(pg_stat_get_live_tuples(t.oid), 0))::float8 AS rows,
           pg_stat_get_dead_tuples(t.oid)::float8 AS dead,
           pg_table_size(t.oid)::float8 AS bytes, pg_total_relation_size(t.oid)::float8 AS total
      FROM tables AS t
     UNION ALL
    SELECT t.nspname, t.relname, json_build_array(n.nspname, i.relname)::text, NULL, NULL, pg_relation_size(i.oid)::float8, NULL
      FROM tables AS t
      JOIN pg_catalog.pg_index AS x ON x.indrelid = t.oid
      JOIN pg_catalog.pg_class AS i ON i.oid = x.indexrelid
      JOIN pg_catalog.pg_namespace AS n ON n.oid = i.relnamespace`);
  const tables = new Map<string, TableSize>();
  const indexes = new Map<string, IndexSize>();
  for (const row of rows) {
    const { index } = row;
    // NULL where the table was dropped meanwhile.
    const bytes = Number(row['bytes'] ?? 0);
    if (typeof index === 'string') {
      const [schema, table] = JSON.parse(index) as [string, string];
      indexes.set(tableName({ schema, table }), { table: nameOf(row), bytes });
      continue;
    }
    const known = row['rows'] === null ? undefined : Number(row['rows']);
    const totalBytes = Number(row['total'] ?? 0);
    tables.set(nameOf(row), { rows: known, deadRows: Number(row['dead']), bytes, totalBytes });
  }
  return { tables, indexes };
}
