import type { SqliteDatabase } from './client.ts';
import { renamesIn } from './renames.ts';
import { statesOf, nothingKnown, type Known, type TableState } from './states.ts';

/** One table before and after the migration. */
export interface TablePair {
  readonly before?: TableState;
  readonly after?: TableState;
  /** Whether the table was made anew in between, by VACUUM too, so that its rows may have other rowids. */
  readonly rebuilt: boolean;
}

export interface Pairs {
  readonly pairs: readonly TablePair[];
  /** Tables that this connection cannot read in both states. */
  readonly unreadable: readonly string[];
}

/**
 * Which table after the migration is which table before it: by name, else by its RENAME. A table that is rebuilt under
 * its old name is the same table. `statements` is what ran; where that is unknown, the root page tells, which a RENAME
 * keeps. `known` is kept from one comparison to the next where both states are of one file.
 */
export function pairTables(
  database: SqliteDatabase,
  statements: readonly { readonly sql: string }[] | undefined,
  known?: Known,
): Pairs {
  const before = statesOf(database, 'before', known ?? nothingKnown());
  const after = statesOf(database, 'main', known ?? nothingKnown());
  const renames = statements === undefined ? undefined : renamesIn(statements);
  const renumbered = statements?.some(({ sql }) => /^vacuum\b/i.test(sql)) ?? false;
  const rebuilt = (table: TableState, now: TableState): boolean =>
    renumbered || (renames?.isDropped(table.name) ?? table.root !== now.root);
  const left = new Map(before.tables.map((table) => [table.name.toLowerCase(), table]));
  const pairs: TablePair[] = [];
  const nameless: TableState[] = [];
  for (const table of after.tables) {
    const same = left.get(table.name.toLowerCase());
    if (same === undefined) nameless.push(table);
    else {
      left.delete(same.name.toLowerCase());
      pairs.push({ before: same, after: table, rebuilt: rebuilt(same, table) });
    }
  }
  const firstNameOf = renames?.firstName ?? byRoot(left);
  for (const table of nameless) {
    const renamed = left.get(firstNameOf(table.name, table).toLowerCase());
    if (renamed !== undefined) left.delete(renamed.name.toLowerCase());
    pairs.push(
      renamed === undefined
        ? { after: table, rebuilt: true }
        : { before: renamed, after: table, rebuilt: rebuilt(renamed, table) },
    );
  }
  return {
    pairs: [...pairs, ...[...left.values()].map((table) => ({ before: table, rebuilt: true }))],
    unreadable: [...new Set([...before.unreadable, ...after.unreadable])],
  };
}

/** VACUUM and auto_vacuum give root pages to other tables: one that has other columns as well is another table. */
function byRoot(left: ReadonlyMap<string, TableState>): (name: string, table: TableState) => string {
  return (name, table) =>
    [...left.values()].find((other) => other.root > 0 && other.root === table.root && hasColumnsOf(table, other))
      ?.name ?? name;
}

function hasColumnsOf(one: TableState, other: TableState): boolean {
  const [fewer, more] = one.columns.length < other.columns.length ? [one, other] : [other, one];
  const names = new Set(more.columns.map((column) => column.name.toLowerCase()));
  return fewer.columns.every((column) => names.has(column.name.toLowerCase()));
}
