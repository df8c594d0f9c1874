import { ForerunError } from '../../error.ts';
import type { Violation } from '../../seams/evidence.ts';
import { referencedByDdl } from './assignments.ts';
import type { SqliteDatabase } from './client.ts';
import { inNewNames, newOrphans, noOrphans, orphansOf, references, tablesWithKeys, type Orphans } from './orphans.ts';
import { renamesIn } from './renames.ts';
import type { Statement } from './statements.ts';
import { eachToken, unquote } from './tokens.ts';

/**
 * Whether a script drops a table that others refer to, be it to rebuild it. With foreign keys enforced, SQLite's DROP
 * TABLE deletes the rows first, and ON DELETE CASCADE or SET NULL then empties the children without an error.
 */
export function dropsReferenced(database: SqliteDatabase, statements: readonly Statement[]): boolean {
  const dropped = statements.flatMap(({ kind, sql }, at) => {
    const change = kind === 'ddl' ? referencedByDdl(sql) : undefined;
    if (change?.action !== 'drop-table') return [];
    return [change.table, renamesIn(statements.slice(0, at)).firstName(change.table)].map((table) =>
      table.toLowerCase(),
    );
  });
  if (dropped.length === 0) return false;
  const parents = new Set(references(database).map((reference) => reference.parent.toLowerCase()));
  return dropped.some((table) => parents.has(table));
}

/** Checks the foreign keys of what a script touches, where SQLite does not enforce them meanwhile. */
export interface KeyCheck {
  /** Call before each statement with the tables that it can write; undefined stands for all. */
  before(writes: readonly string[] | undefined): void;
  /** Throws `INTEGRITY` where rows refer to nothing that did not before. */
  refuseNewOrphans(): void;
}

/**
 * Counts the orphans of each table that the script names, or that refers to one it names, now; and of others, which
 * triggers write, right before their first write. So only what the script touches is read.
 */
export function checkKeys(
  database: SqliteDatabase,
  statements: readonly Statement[],
  note: (message: string) => void,
): KeyCheck {
  const { firstName, lastName } = renamesIn(statements);
  const atStart = new Set(tablesWithKeys(database).map((table) => table.toLowerCase()));
  const counted = new Map<string, Orphans>();
  const count = (table: string): void => {
    const key = table.toLowerCase();
    if (counted.has(key)) return;
    const orphans = orphansOf(database, table);
    counted.set(
      key,
      inNewNames(orphans, (parent) => lastName(parent, -1)),
    );
    if ('problem' in orphans) note(`The foreign keys of ${table} cannot be checked: ${orphans.problem}.`);
  };
  const before = (table: string): Orphans | undefined => {
    const known = [table, firstName(table)].map((name) => name.toLowerCase()).find((name) => atStart.has(name));
    return known === undefined ? noOrphans : counted.get(known);
  };
  touchedBy(database, namesIn(statements)).forEach(count);
  return {
    before(writes) {
      if (writes === undefined) tablesWithKeys(database).forEach(count);
      else if (writes.length > 0)
        touchedBy(database, new Set(writes.map((table) => table.toLowerCase()))).forEach(count);
    },
    refuseNewOrphans() {
      const violations = tablesWithKeys(database).flatMap((table) => {
        const old = before(table);
        return old === undefined ? [] : newOrphans(table, old, orphansOf(database, table));
      });
      if (violations.length > 0) throw brokenKeys(violations);
    },
  };
}

/**
 * The error for a COMMIT that SQLite refuses because of deferred foreign keys. Call it inside that transaction; it rolls
 * back, to tell what is new.
 */
export function refusedCommit(database: SqliteDatabase, cause: unknown): ForerunError<'INTEGRITY'> {
  const after = tablesWithKeys(database).map((table) => [table, orphansOf(database, table)] as const);
  database.exec('ROLLBACK');
  return brokenKeys(
    after.flatMap(([table, orphans]) => newOrphans(table, orphansOf(database, table), orphans)),
    cause,
  );
}

/** Tables with foreign keys that are among these, or refer to one of them. */
function touchedBy(database: SqliteDatabase, names: ReadonlySet<string>): readonly string[] {
  return references(database)
    .filter(({ child, parent }) => names.has(child.toLowerCase()) || names.has(parent.toLowerCase()))
    .map(({ child }) => child);
}

/** Everything in a script that can be the name of a table, in lower case. */
function namesIn(statements: readonly Statement[]): ReadonlySet<string> {
  const names = new Set<string>();
  for (const { sql } of statements) {
    for (const token of eachToken(sql)) {
      if (token.kind === 'word' || token.kind === 'identifier' || token.kind === 'string')
        names.add(unquote(token).toLowerCase());
    }
  }
  return names;
}

function brokenKeys(violations: readonly Violation[], cause?: unknown): ForerunError<'INTEGRITY'> {
  const message =
    violations.map((violation) => violation.message).join(' ') || 'Rows refer to rows that are not there.';
  return new ForerunError('INTEGRITY', message, {
    details: { violations },
    next: 'Have the migration delete these rows, or insert the ones that they refer to.',
    cause,
  });
}
