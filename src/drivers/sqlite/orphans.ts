import type { Violation } from '../../seams/evidence.ts';
import { messageOf } from '../../error.ts';
import type { SqliteDatabase } from './client.ts';

/** Rows of one table that refer to nothing, counted by the table that they refer to. */
export type Orphans =
  | ReadonlyMap<string, number>
  /** Why SQLite cannot tell; a foreign key may refer to columns that are no key. */
  | { readonly problem: string };

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
    return new Map(rows.map((row) => [row.parent, row.rows]));
  } catch (error) {
    // Names tables alone: the foreign keys' definition is wrong, not a value.
    return { problem: messageOf(error) };
  }
}

/** What is broken now and was not before: old orphans are not this migration's. */
export function newOrphans(table: string, before: Orphans, after: Orphans): readonly Violation[] {
  if ('problem' in before) return [];
  if ('problem' in after) {
    return [
      { kind: 'foreign-key', table, message: `The foreign keys of ${table} can be checked no more: ${after.problem}.` },
    ];
  }
  return [...after].flatMap(([references, count]) => {
    const rows = count - (before.get(references) ?? 0);
    if (rows <= 0) return [];
    const message = `${rows} ${rows === 1 ? 'row' : 'rows'} of ${table} refer to rows of ${references} that are not there.`;
    return [{ kind: 'foreign-key' as const, table, references, rows, message }];
  });
}

/** The same counts, of tables that have got other names; a name that is still used keeps its count as well. */
export function inNewNames(orphans: Orphans, nameNow: (table: string) => string): Orphans {
  if ('problem' in orphans) return orphans;
  return new Map([...[...orphans].map(([parent, rows]) => [nameNow(parent), rows] as const), ...orphans]);
}

export const noOrphans: Orphans = new Map();
