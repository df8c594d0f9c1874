import type { SqliteDatabase } from './client.ts';
import { renamesIn, type Renames } from './renames.ts';
import { statesOf, type Known, type TableState } from './states.ts';

/** One table before and after the migration. */
export interface TablePair {
  readonly before?: TableState;
  readonly after?: TableState;
  /** Whether the table was made anew in between, by VACUUM too, so that its rows may have other rowids. */
  readonly rebuilt: boolean;
  /** Whether a RENAME put another table, with rows of its own, under the name. */
  readonly exchanged?: boolean;
}

export interface Pairs {
  readonly pairs: readonly TablePair[];
  /** Tables that this connection cannot read in both states. */
  readonly unreadable: readonly string[];
}

/**
 * Which table after the migration is which table before it: by name, else by its RENAME. A table that is rebuilt under
 * its old name is the same table. One that takes the name of another is paired with that, since an application sees other
 * rows, and with itself. `statements` is what ran; where that is unknown, the root page tells, which a RENAME keeps.
 * `known` is what was read of the two files before, which may be one.
 */
export function pairTables(
  database: SqliteDatabase,
  statements: readonly { readonly sql: string }[] | undefined,
  known: { readonly before: Known; readonly after: Known },
): Pairs {
  const before = statesOf(database, 'before', known.before);
  const after = statesOf(database, 'main', known.after);
  const renames = statements === undefined ? undefined : renamesIn(statements);
  const renumbered = statements?.some(({ sql }) => /^vacuum\b/i.test(sql)) ?? false;
  const isMoved = (table: TableState, now: TableState): boolean =>
    renames !== undefined && !isSame(renames.lastName(table.name, -1), now.name);
  const pairOf = (table: TableState, now: TableState): TablePair => {
    const rebuilt = renames?.isDropped(table.name) ?? table.root !== now.root;
    const exchanged = isMoved(table, now);
    return { before: table, after: now, rebuilt: renumbered || rebuilt || exchanged, exchanged };
  };
  const left = new Map(before.tables.map((table) => [table.name.toLowerCase(), table]));
  const pairs: TablePair[] = [];
  const nameless: TableState[] = [];
  for (const table of after.tables) {
    const same = left.get(table.name.toLowerCase());
    if (same === undefined) nameless.push(table);
    else {
      left.delete(same.name.toLowerCase());
      pairs.push(pairOf(same, table));
    }
  }
  const firstNameOf = renames?.firstName ?? byRoot(left);
  for (const table of nameless) {
    const renamed = left.get(firstNameOf(table.name, table).toLowerCase());
    if (renamed !== undefined) left.delete(renamed.name.toLowerCase());
    pairs.push(renamed === undefined ? { after: table, rebuilt: true } : pairOf(renamed, table));
  }
  for (const table of left.values()) {
    const now = renames?.isDropped(table.name) === false ? lastOf(renames, table, after.tables) : undefined;
    pairs.push(now === undefined ? { before: table, rebuilt: true } : pairOf(table, now));
  }
  return {
    pairs,
    unreadable: [...new Set([...before.unreadable, ...after.unreadable])],
  };
}

/** The table as it is called in the end, which is the name of another before. */
function lastOf(renames: Renames, { name }: TableState, tables: readonly TableState[]): TableState | undefined {
  const last = renames.lastName(name, -1);
  return tables.find((table) => isSame(table.name, last));
}

function isSame(name: string, other: string): boolean {
  return name.toLowerCase() === other.toLowerCase();
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
