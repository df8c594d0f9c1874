import { referencedByDdl, renamesOf } from './assignments.ts';
import { TokenCursor } from './tokens-cursor.ts';

/** What tables and columns are called in the course of a script. Statements are counted from 0; -1 is before the first. */
export interface Renames {
  /** What a table is called in the end that is called `table` by the statement at `from`. */
  lastName(table: string, from: number): string;
  lastColumn(table: string, column: string, from: number): string;
  /** What a table of the end was called before the first statement, or when it was made. */
  firstName(table: string): string;
  /** Whether a table of before the first statement is dropped on the way, be it to be made anew. */
  isDropped(table: string): boolean;
}

export function renamesIn(statements: readonly { readonly sql: string }[]): Renames {
  const renames = statements.flatMap(({ sql }, at) => {
    const rename = /\brename\b/i.test(sql) ? renameOf(sql) : undefined;
    return rename === undefined ? [] : [{ at, ...rename }];
  });
  const drops = statements.flatMap(({ sql }, at) => {
    const change = /^drop\b/i.test(sql) ? referencedByDdl(sql) : undefined;
    return change?.action === 'drop-table' ? [{ at, table: change.table }] : [];
  });
  const nameAt = (table: string, at: number): string =>
    renames.reduce(
      (name, rename) =>
        rename.at < at && rename.column === undefined && isSame(rename.table, name) ? rename.to : name,
      table,
    );
  const follow = (table: string, column: string, from: number): { table: string; column: string } => {
    const now = { table, column };
    for (const rename of renames) {
      if (rename.at <= from || !isSame(rename.table, now.table)) continue;
      if (rename.column === undefined) now.table = rename.to;
      else if (isSame(rename.column, now.column)) now.column = rename.to;
    }
    return now;
  };
  return {
    lastName: (table, from) => follow(table, '', from).table,
    lastColumn: (table, column, from) => follow(table, column, from).column,
    firstName: (table) =>
      renames.reduceRight(
        (name, rename) => (rename.column === undefined && isSame(rename.to, name) ? rename.table : name),
        table,
      ),
    isDropped: (table) => drops.some((drop) => isSame(drop.table, nameAt(table, drop.at))),
  };
}

interface Rename {
  readonly table: string;
  /** Absent where the table itself is renamed. */
  readonly column?: string;
  readonly to: string;
}

function renameOf(sql: string): Rename | undefined {
  const table = renamesOf(sql);
  if (table !== undefined) return { table: table.from, to: table.to };
  const cursor = new TokenCursor(sql);
  if (!cursor.takeWord('ALTER') || !cursor.takeWord('TABLE')) return undefined;
  const altered = cursor.takeTable();
  if (altered === undefined || !cursor.takeWord('RENAME')) return undefined;
  cursor.takeWord('COLUMN');
  const column = cursor.takeName();
  if (column === undefined || !cursor.takeWord('TO')) return undefined;
  const to = cursor.takeName();
  return to === undefined ? undefined : { table: altered, column, to };
}

function isSame(name: string, other: string): boolean {
  return name.toLowerCase() === other.toLowerCase();
}
