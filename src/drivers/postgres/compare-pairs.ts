import type { ColumnState, TableState } from './compare-states.ts';
import { tableParts } from './names.ts';
import { canBeSame, type QualifiedName } from './qualified-name.ts';
import type { Renames } from './renames.ts';

/** One table in both states, or in one. */
export interface TablePair {
  readonly before?: TableState;
  readonly after?: TableState;
}

/**
 * Which table after is which table before: by name, else by its RENAME, else by the names of constraints, indexes and
 * sequences that came along, else by its columns, where only one can be meant. A table that was made anew under its old
 * name is the same table.
 */
export function pairTables(
  before: readonly TableState[],
  after: readonly TableState[],
  renames: Renames | undefined,
): readonly TablePair[] {
  const left = new Map(before.map((table) => [table.name, table]));
  const nameless: TableState[] = [];
  const pairs: TablePair[] = [];
  for (const table of after) {
    const same = left.get(table.name);
    left.delete(table.name);
    if (same === undefined) nameless.push(table);
    else pairs.push({ before: same, after: table });
  }
  for (const table of nameless) {
    const renamed = renamedFrom(table, [...left.values()], nameless, renames);
    if (renamed !== undefined) left.delete(renamed.name);
    pairs.push(renamed === undefined ? { after: table } : { before: renamed, after: table });
  }
  return [...pairs, ...[...left.values()].map((table) => ({ before: table }))];
}

function renamedFrom(
  table: TableState,
  left: readonly TableState[],
  nameless: readonly TableState[],
  renames: Renames | undefined,
): TableState | undefined {
  if (renames !== undefined) {
    const first = renames.firstName(qualified(table.name));
    return left.find(({ name }) => canBeSame(qualified(name), first));
  }
  const marked = left.filter(({ marks }) => marks.some((mark) => table.marks.includes(mark)));
  if (marked.length > 0) return marked.length === 1 ? marked[0] : undefined;
  const text = columnsText(table);
  const alike = left.filter((other) => columnsText(other) === text);
  return alike.length === 1 && nameless.filter((other) => columnsText(other) === text).length === 1
    ? alike[0]
    : undefined;
}

function columnsText({ columns }: TableState): string {
  return JSON.stringify(columns);
}

function qualified(name: string): QualifiedName {
  const { schema, table } = tableParts(name);
  return { schema, name: table };
}

export interface ColumnPair {
  readonly before: ColumnState;
  readonly after: ColumnState;
  /** Whether it only may be the same: a column that is gone, and the new one at its place. */
  readonly perhaps: boolean;
}

export interface ColumnPairs {
  readonly pairs: readonly ColumnPair[];
  readonly dropped: readonly ColumnState[];
}

/** Pairs columns by name, or by the name that a statement gave them. */
export function pairColumns(before: TableState, after: TableState, renames: Renames | undefined): ColumnPairs {
  const nameNow = (column: ColumnState): string =>
    renames?.lastColumn(qualified(before.name), column.name, 0) ?? column.name;
  const old = new Set(before.columns.map(nameNow));
  const pairs: ColumnPair[] = [];
  const dropped: ColumnState[] = [];
  for (const [at, column] of before.columns.entries()) {
    const named = after.columns.find(({ name }) => name === nameNow(column));
    const there = after.columns[at];
    if (named !== undefined) pairs.push({ before: column, after: named, perhaps: false });
    // Told renames leave nothing to be guessed.
    else if (renames === undefined && there !== undefined && there.type === column.type && !old.has(there.name))
      pairs.push({ before: column, after: there, perhaps: true });
    else dropped.push(column);
  }
  return { pairs, dropped };
}

/** Whether a table is among some that are named. */
export function isNamed({ before, after }: TablePair, names: readonly string[] | undefined): boolean {
  return names === undefined || [before?.name, after?.name].some((name) => name !== undefined && names.includes(name));
}
