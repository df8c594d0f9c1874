import { quoteIdentifier } from './tokens.ts';
import type { ColumnState, TableState } from './states.ts';

/** One column before (`b`) and after (`a`). */
export interface ColumnPair {
  readonly before: ColumnState;
  readonly after: ColumnState;
}

export interface ColumnPairs {
  readonly same: readonly ColumnPair[];
  /** Columns that are gone, each with the new one at its place, which may be the same under another name. */
  readonly perhapsRenamed: readonly ColumnPair[];
  readonly dropped: readonly ColumnState[];
}

/** What a column of a table of before is called now, as far as the statements tell. */
export type NameNow = (table: string, column: string) => string;

/** Pairs columns by name. */
export function pairColumns(before: TableState, after: TableState, nameNow: NameNow): ColumnPairs {
  const nameOf = (column: ColumnState): string => nameNow(before.name, column.name).toLowerCase();
  const old = new Set(before.columns.map(nameOf));
  const now = new Map(after.columns.map((column) => [lower(column), column]));
  const same: ColumnPair[] = [];
  const perhapsRenamed: ColumnPair[] = [];
  const dropped: ColumnState[] = [];
  for (const [at, column] of before.columns.entries()) {
    const named = now.get(nameOf(column));
    const there = after.columns[at];
    if (named !== undefined) same.push({ before: column, after: named });
    else if (there !== undefined && !old.has(lower(there))) perhapsRenamed.push({ before: column, after: there });
    else dropped.push(column);
  }
  return { same, perhapsRenamed, dropped };
}

/**
 * SQL that is true where the value is another one. Where the column's type was changed, a value that reads the same in
 * both types is the same (1 and '1'), but not '007' and 7.
 */
export function differs({ before, after }: ColumnPair): string {
  const [a, b] = [`a.${quoteIdentifier(after.name)}`, `b.${quoteIdentifier(before.name)}`];
  if (before.type.toUpperCase() === after.type.toUpperCase()) return `${a} IS NOT ${b} COLLATE BINARY`;
  return `CASE WHEN +${a} IS +${b} COLLATE BINARY THEN 0 ELSE CAST(${a} AS TEXT) IS NOT CAST(${b} AS TEXT) COLLATE BINARY END`;
}

/** SQL that is true where a part of the key is the same; written so that an index of the table after can be used. */
export function matches({ before, after }: ColumnPair): string {
  const [a, b] = [`a.${quoteIdentifier(after.name)}`, `b.${quoteIdentifier(before.name)}`];
  if (before.type.toUpperCase() === after.type.toUpperCase()) return `${a} IS ${b}`;
  // Without an affinity of its own (the `+`), the value before is converted as the column after would convert it.
  return `${a} IS +${b}`;
}

function lower(column: ColumnState): string {
  return column.name.toLowerCase();
}
