import type { Session } from '../../seams/driver.ts';
import type { Violation } from '../../seams/evidence.ts';
import { stateOf } from './failures.ts';
import { ownTables, tableName } from './names.ts';
import { safeWords } from './safe-words.ts';
import { isTable } from './tables.ts';

/**
 * What amcheck finds in heaps and B-trees, where the database has that extension: PostgreSQL itself has nothing that
 * looks at all of a table. Locks like a reader.
 */
export async function damageOf(session: Session, tables: readonly string[] | undefined): Promise<readonly Violation[]> {
  const [extension] = await session.query(
    `SELECT n.nspname AS schema FROM pg_catalog.pg_extension AS e JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace
      WHERE e.extname = 'amcheck' AND (SELECT bool_and(has_function_privilege(p.oid, 'EXECUTE')) FROM pg_catalog.pg_proc AS p
        WHERE p.pronamespace = n.oid AND p.proname IN ('verify_heapam', 'bt_index_check'))`,
  );
  if (extension === undefined) return [];
  const schema = `"${String(extension['schema']).replaceAll('"', '""')}"`;
  const found: Violation[] = [];
  for (const { table, oid, indexes } of await relationsOf(session, tables)) {
    const heap = await faultsIn(
      session,
      `SELECT count(*) AS faults FROM ${schema}.verify_heapam($1::oid::regclass)`,
      oid,
    );
    if (heap !== undefined) found.push({ kind: 'corruption', table, message: `the table ${table}: ${heap}` });
    for (const index of indexes) {
      const words = await faultsIn(session, `SELECT ${schema}.bt_index_check($1::oid::regclass)`, index.oid);
      if (words === undefined) continue;
      found.push({ kind: 'corruption', table, message: `the index ${index.name} of ${table}: ${words}` });
    }
  }
  return found;
}

interface Relation {
  readonly table: string;
  readonly oid: number;
  readonly indexes: readonly { readonly oid: number; readonly name: string }[];
}

async function relationsOf(session: Session, tables: readonly string[] | undefined): Promise<readonly Relation[]> {
  const rows = await session.query(`
    SELECT n.nspname AS schema, c.relname AS table, c.oid::int8 AS oid,
           (SELECT coalesce(json_agg(json_build_object('oid', i.oid::int8, 'name', i.relname)), '[]')::text
              FROM pg_catalog.pg_index AS x JOIN pg_catalog.pg_class AS i ON i.oid = x.indexrelid
             WHERE x.indrelid = c.oid AND x.indisvalid AND x.indisready
               AND i.relam = (SELECT oid FROM pg_catalog.pg_am WHERE amname = 'btree')) AS indexes
      FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
     WHERE ${isTable(ownTables)} ORDER BY 1, 2`);
  return rows
    .map((row) => ({
      table: tableName({ schema: String(row['schema']), table: String(row['table']) }),
      oid: Number(row['oid']),
      indexes: JSON.parse(String(row['indexes'])) as Relation['indexes'],
    }))
    .filter(({ table }) => tables === undefined || tables.includes(table));
}

/** In words; undefined where there are none. A page that cannot be read at all is an error. */
async function faultsIn(session: Session, sql: string, oid: number): Promise<string | undefined> {
  try {
    const [row] = await session.query(sql, [oid]);
    const faults = Number(row?.['faults'] ?? 0);
    return faults === 0 ? undefined : `amcheck finds ${faults} faults`;
  } catch (error) {
    if (!/^(?:XX|58)/.test(stateOf(error) ?? '')) throw error;
    return safeWords(error);
  }
}
