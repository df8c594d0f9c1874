import type { Violation } from '../../seams/evidence.ts';
import { referencedByDdl } from './assignments.ts';
import type { SqliteDatabase } from './client.ts';
import type { Statement } from './statements.ts';

/**
 * Whether a script drops or rebuilds a table that others refer to. With foreign keys enforced, SQLite's DROP TABLE
 * deletes the rows first, and ON DELETE CASCADE or SET NULL then empties the children without an error.
 */
export function foreignKeysMustBeOff(database: SqliteDatabase, statements: readonly Statement[]): boolean {
  const changed = statements.flatMap((statement) => referencedByDdl(statement.sql)?.table.toLowerCase() ?? []);
  if (changed.length === 0) return false;
  const referenced = parents(database);
  // A table that is renamed into place carries the references of the name it takes.
  return changed.some((table) => referenced.has(table));
}

/** Rows that refer to nothing, by foreign key: the table's name and the key's place in its definition. */
export type Orphans = ReadonlyMap<string, { readonly table: string; readonly references: string; readonly rows: number }>;

export function orphans(database: SqliteDatabase, schema = 'main'): Orphans {
  const found = new Map<string, { table: string; references: string; rows: number }>();
  for (const row of database.prepare(`PRAGMA ${schema}.foreign_key_check`).iterate() as IterableIterator<Orphan>) {
    // Not by the referenced table's name: it may be renamed.
    const key = `${row.fkid} ${row.table}`;
    found.set(key, { table: row.table, references: row.parent, rows: (found.get(key)?.rows ?? 0) + 1 });
  }
  return found;
}

/** What is broken now and was not before: old orphans are not this migration's. */
export function newOrphans(before: Orphans, after: Orphans): readonly Violation[] {
  return [...after].flatMap(([key, { table, references, rows: count }]) => {
    const rows = count - (before.get(key)?.rows ?? 0);
    if (rows <= 0) return [];
    const message = `${rows} ${rows === 1 ? 'row' : 'rows'} of ${table} refer to rows of ${references} that are not there.`;
    return [{ kind: 'foreign-key' as const, table, references, rows, message }];
  });
}

interface Orphan {
  readonly table: string;
  readonly parent: string;
  readonly fkid: number;
}

function parents(database: SqliteDatabase): ReadonlySet<string> {
  const rows = database
    .prepare(
      `SELECT DISTINCT lower(f."table") AS parent FROM main.sqlite_schema AS s, pragma_foreign_key_list(s.name) AS f WHERE s.type = 'table'`,
    )
    .all() as { parent: string }[];
  return new Set(rows.map((row) => row.parent));
}
