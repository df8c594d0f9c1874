import type { Node, ResTarget, SelectStmt } from 'libpg-query';
import { as, stringsOf } from './nodes.ts';

/** Where the results of a SELECT go. */
export interface Destination {
  /** The columns in their order, where they are known. */
  readonly places: readonly string[] | undefined;
  /** What names the columns: the statement's own list, the table's definition, or the results' own names. */
  readonly named: 'here' | 'elsewhere' | 'by results';
}

/** The columns that get more than a copy of the column of the same name; `*` for one that cannot be told. */
export function computedColumns(select: SelectStmt, to: Destination): readonly string[] {
  if (select.larg !== undefined && select.rarg !== undefined) {
    return [...computedColumns(select.larg, to), ...computedColumns(select.rarg, to)];
  }
  // Rows of VALUES are new: nothing was there before that they could change.
  if (select.valuesLists !== undefined) return [];
  const targets = (select.targetList ?? []).flatMap((target) => as('ResTarget', target) ?? []);
  return computedResults(targets, to);
}

export function computedResults(targets: readonly ResTarget[], to: Destination): readonly string[] {
  const results = targets.map(resultOf);
  return results.flatMap((result, at) => {
    if (result.kind === 'star') return [];
    const place = placeOf(results, at, to.places);
    if (result.kind === 'column' && isCopied(result, place, to)) return [];
    // A table that takes its columns' names from results has none that was there before where a result has no name.
    const unknown = to.named === 'by results' ? [] : ['*'];
    const column = place ?? result.alias;
    return column === undefined ? unknown : [column];
  });
}

type Result =
  | { readonly kind: 'star' }
  | { readonly kind: 'column'; readonly column: string; readonly alias: string | undefined }
  | { readonly kind: 'computed'; readonly alias: string | undefined };

function resultOf({ name: alias, val }: ResTarget): Result {
  const fields = as('ColumnRef', val)?.fields;
  if (fields === undefined) return { kind: 'computed', alias };
  if (isStar(fields.at(-1))) return { kind: 'star' };
  return { kind: 'column', column: stringsOf(fields).at(-1) ?? '', alias };
}

function isStar(field: Node | undefined): boolean {
  return as('A_Star', field) !== undefined;
}

function placeOf(results: readonly Result[], at: number, places: readonly string[] | undefined): string | undefined {
  const isStarred = (result: Result): boolean => result.kind === 'star';
  if (!results.slice(0, at).some(isStarred)) return places?.[at];
  // Nobody knows how many columns a star stands for, but those behind the last one can be counted from the end.
  return results.slice(at).some(isStarred) ? undefined : places?.at(at - results.length);
}

function isCopied(result: Result & { kind: 'column' }, place: string | undefined, to: Destination): boolean {
  const name = to.named === 'here' ? place : result.alias;
  return name === undefined || name === result.column;
}
