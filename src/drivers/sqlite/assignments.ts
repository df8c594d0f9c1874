import { computedColumns } from './assignments-select.ts';
import type { ColumnsOf } from './assignments-select.ts';
import { TokenCursor } from './tokens-cursor.ts';

export { referencedByDdl, renamesOf } from './assignments-ddl.ts';
export type { ColumnsOf } from './assignments-select.ts';

/**
 * The columns, as `table.column` with names as written, whose values one statement's text sets in rows that exist, or
 * in the copy of a table that is being rebuilt:
 * - UPDATE and ON CONFLICT DO UPDATE: what stands behind SET;
 * - REPLACE and INSERT OR REPLACE: the columns listed, else `table.*`;
 * - INSERT … SELECT and CREATE TABLE … AS SELECT: columns with an expression that is not the column of the same name.
 *   Without a list of columns, an expression that is a column counts as copied unless AS gives it another name.
 *
 * VALUES are new rows and set nothing; nor does anything in another schema than main. Where a column cannot be told
 * from the text, it is `table.*`; `columnsOf` makes that rare.
 */
export function assignedBy(sql: string, columnsOf?: ColumnsOf): readonly string[] {
  const cursor = new TokenCursor(sql);
  cursor.takeWith();
  const columns = new Set<string>();
  const table = assign(cursor, columns, columnsOf);
  return table === undefined ? [] : [...columns].map((column) => `${table}.${column}`);
}

/** Answers with the table, where it is one of main. */
function assign(cursor: TokenCursor, columns: Set<string>, columnsOf: ColumnsOf | undefined): string | undefined {
  if (cursor.takeWord('UPDATE')) return update(cursor, columns);
  if (cursor.takeWord('INSERT')) {
    const replaces = cursor.takeWord('OR') && cursor.atWord('REPLACE');
    return insert(cursor, columns, replaces, columnsOf);
  }
  if (cursor.takeWord('REPLACE')) return insert(cursor, columns, true, columnsOf);
  if (cursor.takeWord('CREATE') && cursor.takeWord('TABLE')) return createAs(cursor, columns);
  return undefined;
}

function update(cursor: TokenCursor, columns: Set<string>): string | undefined {
  if (cursor.takeWord('OR')) cursor.advance();
  const table = cursor.takeTable();
  if (cursor.skipTo(() => cursor.atWord('SET'))) setColumns(cursor, columns);
  return table;
}

function insert(
  cursor: TokenCursor,
  columns: Set<string>,
  replaces: boolean,
  columnsOf?: ColumnsOf,
): string | undefined {
  cursor.skipTo(() => cursor.atWord('INTO'));
  cursor.advance();
  const table = cursor.takeTable();
  if (cursor.takeWord('AS')) cursor.takeName();
  const listed = cursor.takeOperator('(') ? takeList(cursor) : undefined;
  if (replaces) {
    for (const column of listed ?? ['*']) columns.add(column);
    return table;
  }
  const places = listed ?? (table === undefined ? undefined : columnsOf?.(table));
  while (cursor.skipTo(() => cursor.atWord('SELECT', 'DO'))) {
    if (cursor.takeWord('SELECT')) {
      for (const column of computedColumns(cursor, { places, named: listed === undefined ? 'elsewhere' : 'here' }))
        columns.add(column);
    } else if (cursor.takeWord('DO') && cursor.takeWord('UPDATE')) {
      setColumns(cursor, columns);
    }
  }
  return table;
}

function createAs(cursor: TokenCursor, columns: Set<string>): string | undefined {
  for (const word of ['IF', 'NOT', 'EXISTS']) cursor.takeWord(word);
  const table = cursor.takeTable();
  if (!cursor.takeWord('AS')) return undefined;
  cursor.takeWith();
  if (cursor.takeWord('SELECT')) {
    for (const column of computedColumns(cursor, { places: undefined, named: 'by results' })) columns.add(column);
  }
  return table;
}

const afterSet = ['FROM', 'WHERE', 'ORDER', 'LIMIT', 'RETURNING', 'ON'];

/** Reads `SET a = …, (b, c) = (…)` up to the clause that follows. */
function setColumns(cursor: TokenCursor, columns: Set<string>): void {
  cursor.takeWord('SET');
  do {
    for (const column of cursor.takeOperator('(') ? takeList(cursor) : takeColumn(cursor)) columns.add(column);
    cursor.skipTo((token) => token.text === ',' || cursor.atClause(...afterSet));
  } while (cursor.takeOperator(','));
}

function takeColumn(cursor: TokenCursor): readonly string[] {
  const column = cursor.takeName();
  return column === undefined ? [] : [column];
}

/** Names up to the parenthesis that closes their list. */
function takeList(cursor: TokenCursor): readonly string[] {
  const names: string[] = [];
  do names.push(...takeColumn(cursor));
  while (cursor.takeOperator(','));
  cursor.takeOperator(')');
  return names;
}
