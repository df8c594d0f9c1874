import type { Violation } from '../../seams/evidence.ts';
import { messageOf } from '../../error.ts';
import type { SqliteDatabase } from './client.ts';

/** Rows of one table that refer to nothing, by the table that they refer to. */
export type Orphans =
  | ReadonlyMap<string, Orphaned>
  /** Why SQLite cannot tell; a foreign key may refer to columns that are no key. */
  | { readonly problem: string };

interface Orphaned {
  readonly count: number;
  /** Which they are; absent where a rebuild could give them other numbers, and where they are too many to keep. */
  readonly rows?: ReadonlySet<number>;
}

/** So that memory stays constant, whatever is broken. */
const mostKept = 100_000;

/** Tables with foreign keys. */
export function tablesWithKeys(database: SqliteDatabase, schema: 'main' | 'before' = 'main'): readonly string[] {
  return [...new Set(references(database, schema).map((reference) => reference.child))];
}

/** Each table with a foreign key, and what it refers to as written there. */
export function references(
  database: SqliteDatabase,
  schema: 'main' | 'before' = 'main',
): readonly { readonly child: string; readonly parent: string }[] {
  return database
    .prepare(
      `SELECT DISTINCT s.name AS child, f."table" AS parent
         FROM ${schema}.sqlite_schema AS s, pragma_foreign_key_list(s.name, ?) AS f WHERE s.type = 'table' AND s.rootpage > 0`,
    )
    .all(schema) as { child: string; parent: string }[];
}

export function orphansOf(database: SqliteDatabase, table: string, schema: 'main' | 'before' = 'main'): Orphans {
  try {
    const rows = database
      .prepare('SELECT parent, count(*) AS rows FROM pragma_foreign_key_check(?, ?) GROUP BY parent')
      .all(table, schema) as { parent: string; rows: number }[];
    const kept = rows.every((row) => row.rows <= mostKept) && hasNumbers(database, table, schema);
    return new Map(
      rows.map(({ parent, rows: count }) => [
        parent,
        kept ? { count, rows: numbersOf(database, table, parent, schema) } : { count },
      ]),
    );
  } catch (error) {
    // Names tables alone: the foreign keys' definition is wrong, not a value.
    return { problem: messageOf(error) };
  }
}

/** Whether the rowid is a column of the table's own. */
function hasNumbers(database: SqliteDatabase, table: string, schema: string): boolean {
  const key = database
    .prepare(
      'SELECT x.type, l.wr FROM pragma_table_xinfo(?, ?) AS x, pragma_table_list(?) AS l WHERE x.pk > 0 AND l.schema = ?',
    )
    .all(table, schema, table, schema) as { type: string; wr: number }[];
  return key.length === 1 && key[0]?.type.toUpperCase() === 'INTEGER' && key[0].wr === 0;
}

function numbersOf(database: SqliteDatabase, table: string, parent: string, schema: string): ReadonlySet<number> {
  const rows = database
    .prepare('SELECT rowid FROM pragma_foreign_key_check(?, ?) WHERE parent = ?')
    .raw()
    .all(table, schema, parent) as number[][];
  return new Set(rows.flat());
}

/** What is broken now and was not before: old orphans are not this migration's. */
export function newOrphans(table: string, before: Orphans, after: Orphans): readonly Violation[] {
  if ('problem' in before) return [];
  if ('problem' in after) {
    return [
      { kind: 'foreign-key', table, message: `The foreign keys of ${table} can be checked no more: ${after.problem}.` },
    ];
  }
  return [...after].flatMap(([references, now]) => {
    const rows = added(before.get(references), now);
    if (rows <= 0) return [];
    const found = rows === 1 ? `1 row of ${table} refers` : `${rows} rows of ${table} refer`;
    const message = `${found} to rows of ${references} that are not there.`;
    return [{ kind: 'foreign-key' as const, table, references, rows, message }];
  });
}

/** Where as many were mended as were broken, only their numbers tell. */
function added(before: Orphaned = { count: 0 }, after: Orphaned): number {
  const old = before.rows;
  const others = old === undefined ? 0 : [...(after.rows ?? [])].filter((row) => !old.has(row)).length;
  return Math.max(after.count - before.count, others);
}

/** The same counts, of tables that have got other names; a name that is still used keeps its count as well. */
export function inNewNames(orphans: Orphans, nameNow: (table: string) => string): Orphans {
  if ('problem' in orphans) return orphans;
  return new Map([...[...orphans].map(([parent, orphaned]) => [nameNow(parent), orphaned] as const), ...orphans]);
}

export const noOrphans: Orphans = new Map();
