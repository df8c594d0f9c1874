import type { TokenCursor } from './tokens-cursor.ts';
import { keywordOf, unquote } from './tokens.ts';
import type { Token } from './tokens.ts';

/** The columns that an INSERT without a list fills, in their order; undefined where the table is not known. */
export type ColumnsOf = (table: string) => readonly string[] | undefined;

/** Where the results of a SELECT go. */
export interface Destination {
  /** The columns in their order, where they are known. */
  readonly places: readonly string[] | undefined;
  /** What names the columns: the statement's own list, the table's definition, or the results' own names. */
  readonly named: 'here' | 'elsewhere' | 'by results';
}

/** Reads what stands between SELECT and its next clause; answers with the columns that get more than a copy. */
export function computedColumns(cursor: TokenCursor, to: Destination): readonly string[] {
  const results = takeResults(cursor);
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

const afterResults = ['FROM', 'WHERE', 'GROUP', 'ORDER', 'LIMIT', 'UNION', 'INTERSECT', 'EXCEPT', 'RETURNING', 'ON'];

function takeResults(cursor: TokenCursor): readonly Result[] {
  cursor.takeWord('DISTINCT', 'ALL');
  const results: Result[] = [];
  do {
    const tokens: Token[] = [];
    cursor.skipTo((token) => token.text === ',' || cursor.atClause(...afterResults), tokens);
    results.push(resultOf(tokens));
  } while (cursor.takeOperator(','));
  return results;
}

function resultOf(tokens: readonly Token[]): Result {
  if (tokens.at(-1)?.text === '*' && (tokens.length === 1 || tokens.at(-2)?.text === '.')) return { kind: 'star' };
  const named = tokens.length - aliasLength(tokens);
  const last = tokens.at(-1);
  const alias = named === tokens.length || last === undefined ? undefined : unquote(last);
  const expression = tokens.slice(0, named);
  const column = expression.at(-1);
  const isColumn = expression.every((token, at) => (at % 2 === 0 ? isColumnName(token) : token.text === '.'));
  return isColumn && column !== undefined
    ? { kind: 'column', column: unquote(column), alias }
    : { kind: 'computed', alias };
}

/** How many tokens at the end give the result a name: `AS name`, `name`, or none. */
function aliasLength(tokens: readonly Token[]): 0 | 1 | 2 {
  const [last, before, third] = [tokens.at(-1), tokens.at(-2), tokens.at(-3)];
  if (last === undefined || before === undefined || !isName(last)) return 0;
  if (keywordOf(before) === 'AS') return 2;
  if (['END', 'ISNULL', 'NOTNULL'].includes(keywordOf(last) ?? '')) return 0;
  // Without AS, a name follows what can end an expression; a word before it may as well be an operator (`x LIKE y`).
  const endsExpression =
    before.kind === 'word'
      ? keywordOf(before) === 'END' || third?.text === '.' || (third === undefined && keywordOf(before) !== 'NOT')
      : before.kind !== 'operator' || before.text === ')';
  return endsExpression ? 1 : 0;
}

function placeOf(results: readonly Result[], at: number, places: readonly string[] | undefined): string | undefined {
  const isStar = (result: Result): boolean => result.kind === 'star';
  if (!results.slice(0, at).some(isStar)) return places?.[at];
  // Nobody knows how many columns a star stands for, but those behind the last one can be counted from the end.
  return results.slice(at).some(isStar) ? undefined : places?.at(at - results.length);
}

function isCopied(result: Result & { kind: 'column' }, place: string | undefined, to: Destination): boolean {
  const name = to.named === 'here' ? place : result.alias;
  return name === undefined || name.toLowerCase() === result.column.toLowerCase();
}

const values = ['NULL', 'TRUE', 'FALSE', 'CURRENT_TIME', 'CURRENT_DATE', 'CURRENT_TIMESTAMP'];

function isColumnName(token: Token): boolean {
  return token.kind === 'identifier' || (token.kind === 'word' && !values.includes(keywordOf(token) ?? ''));
}

function isName(token: Token): boolean {
  return token.kind === 'word' || token.kind === 'identifier' || token.kind === 'string';
}
