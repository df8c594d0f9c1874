import type { Session } from '../../seams/driver.ts';
import { quoteLiteral } from './names.ts';
import { planned } from './planned.ts';

/** A table, index, view or sequence of users, as the catalog and the statistics have it at one moment. */
export interface Relation {
  readonly oid: number;
  /** As `tableName` says it. */
  readonly name: string;
  /** `pg_class.relkind`: `r` table, `p` partitioned table, `i` index, `m` materialised view, `S` sequence, … */
  readonly kind: string;
  /** The table that an index is of. */
  readonly table?: number;
  /** The table that a partition is part of in the end. */
  readonly root?: number;
  /** Number of its file: TRUNCATE and rewrites take a new one. */
  readonly file: number;
  /** Of an index: with no row in it that is missing. */
  readonly valid: boolean;
  /** Without indexes, with TOAST. */
  readonly bytes: number;
  /** Whether there can be rows: a table without a page has none. */
  readonly hasPages: boolean;
  readonly counted: Counted;
}

/** What the server has counted since it began; rolled back writes too, save in `live`. */
export interface Counted {
  readonly inserted: number;
  readonly updated: number;
  readonly deleted: number;
  /** Rows, as far as the counters know; never below zero. */
  readonly live: number;
  readonly dead: number;
  /** How often VACUUM or ANALYZE set `live` and `dead` to what they found. */
  readonly recounted: number;
}

/** All relations of users by number, without temporary ones, those of extensions and of `leftOut`; the oldest first. One query. */
export async function relationsOf(
  session: Session,
  leftOut: readonly string[],
): Promise<ReadonlyMap<number, Relation>> {
  const rows = await planned(session, 'relations', relationsQuery(leftOut));
  const all = rows.map((row): Relation => {
    const number = (name: string): number => Number(row[name] ?? 0);
    return {
      oid: number('oid'),
      name: String(row['name']),
      kind: String(row['kind']),
      ...(row['table'] === null ? {} : { table: number('table') }),
      ...(row['root'] === null ? {} : { root: number('root') }),
      file: number('file'),
      valid: row['valid'] !== false,
      bytes: number('bytes'),
      hasPages: row['pages'] === true,
      counted: {
        inserted: number('inserted'),
        updated: number('updated'),
        deleted: number('deleted'),
        live: number('live'),
        dead: number('dead'),
        recounted: number('recounted'),
      },
    };
  });
  const byOid = new Map(all.map((relation) => [relation.oid, relation]));
  // What belongs to a table that is left out is left out with it.
  for (const { oid, table } of all) if (table !== undefined && !byOid.has(table)) byOid.delete(oid);
  return byOid;
}

/** Whether it holds rows of its own that are not computed from others'. */
export function isTable({ kind }: Relation): boolean {
  return kind === 'r';
}

/** Whether it was written anew, or, with nothing in it now, truncated. */
export function hasNewFile(was: Relation | undefined, now: Relation | undefined): boolean {
  return was !== undefined && now !== undefined && was.file !== now.file;
}

const relationsQuery = (leftOut: readonly string[]): string => `
  SELECT c.oid::int8 AS oid, format('%I.%I', n.nspname, c.relname) AS name, c.relkind::text AS kind,
         i.indrelid::int8 AS table, i.indisvalid AS valid,
         CASE WHEN c.relispartition THEN pg_partition_root(c.oid)::oid::int8 END AS root,
         c.relfilenode::int8 AS file,
         CASE WHEN c.relkind IN ('r', 'm') THEN pg_table_size(c.oid) WHEN c.relkind = 'i' THEN pg_relation_size(c.oid) END::float8 AS bytes,
         c.relkind = 'r' AND pg_relation_size(c.oid) > 0 AS pages,
         s.*
    FROM pg_catalog.pg_class AS c
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    LEFT JOIN pg_catalog.pg_index AS i ON i.indexrelid = c.oid
    LEFT JOIN LATERAL (
      SELECT pg_stat_get_tuples_inserted(c.oid)::float8 AS inserted, pg_stat_get_tuples_updated(c.oid)::float8 AS updated,
             pg_stat_get_tuples_deleted(c.oid)::float8 AS deleted, pg_stat_get_live_tuples(c.oid)::float8 AS live,
             pg_stat_get_dead_tuples(c.oid)::float8 AS dead,
             (pg_stat_get_vacuum_count(c.oid) + pg_stat_get_autovacuum_count(c.oid)
              + pg_stat_get_analyze_count(c.oid) + pg_stat_get_autoanalyze_count(c.oid))::float8 AS recounted
       WHERE c.relkind = 'r') AS s ON true
   WHERE c.relkind IN ('r', 'p', 'm', 'v', 'f', 'S', 'i', 'I') AND c.relpersistence <> 't'
     AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
     AND NOT (c.relkind = 'r' AND c.relname IN (${leftOut.map(quoteLiteral).join(', ')}))
     AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d
                      WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
   ORDER BY c.oid`;
