import type { SqliteDatabase } from './client.ts';
import { ownTables } from './names.ts';

/** One table as it stands in one of the two states. */
export interface TableState {
  readonly name: string;
  readonly root: number;
  readonly virtual: boolean;
  readonly withoutRowid: boolean;
  /** Columns with values of their own, in order. */
  readonly columns: readonly string[];
  /** Columns of the declared primary key, in key order. */
  readonly key: readonly string[];
}

/** One table before and after the migration. */
export interface TablePair {
  readonly before?: TableState;
  readonly after?: TableState;
  /** Whether a column of before is not there after. */
  readonly losesColumns: boolean;
}

/**
 * Which table after the migration is which table before it: by name, else by root page, which a RENAME keeps. A table
 * that is rebuilt under its old name is the same table.
 */
export function pairTables(database: SqliteDatabase): readonly TablePair[] {
  const before = statesOf(database, 'before');
  const after = statesOf(database, 'main');
  const byName = new Map(after.map((table) => [table.name.toLowerCase(), table]));
  const left = new Set(after);
  const pairs: TablePair[] = [];
  const unmatched: TableState[] = [];
  for (const table of before) {
    const same = byName.get(table.name.toLowerCase());
    if (same === undefined) unmatched.push(table);
    else {
      left.delete(same);
      pairs.push(pairOf(table, same));
    }
  }
  for (const table of unmatched) {
    const renamed = [...left].find((other) => table.root > 0 && other.root === table.root);
    if (renamed !== undefined) left.delete(renamed);
    pairs.push(pairOf(table, renamed));
  }
  return [...pairs, ...[...left].map((table) => pairOf(undefined, table))];
}

function pairOf(before: TableState | undefined, after: TableState | undefined): TablePair {
  return {
    ...(before === undefined ? {} : { before }),
    ...(after === undefined ? {} : { after }),
    losesColumns: before?.columns.some((column) => after?.columns.includes(column) === false) ?? false,
  };
}

interface ColumnRow {
  readonly tbl: string;
  readonly type: string;
  readonly wr: number;
  readonly root: number | null;
  readonly col: string;
  readonly pk: number;
}

function statesOf(database: SqliteDatabase, schema: 'before' | 'main'): readonly TableState[] {
  const rows = database
    .prepare(
      `SELECT l.name AS tbl, l.type, l.wr, s.rootpage AS root, x.name AS col, x.pk
         FROM pragma_table_list AS l
         JOIN ${schema}.sqlite_schema AS s ON s.type = 'table' AND s.name = l.name
         JOIN pragma_table_xinfo(l.name, l.schema) AS x
        WHERE l.schema = ? AND l.type IN ('table', 'virtual') AND l.name NOT LIKE 'sqlite~_%' ESCAPE '~' AND x.hidden = 0
        ORDER BY l.name, x.cid`,
    )
    .all(schema) as ColumnRow[];
  const groups = new Map<string, ColumnRow[]>();
  for (const row of rows) {
    if (!ownTables.includes(row.tbl)) groups.set(row.tbl, [...(groups.get(row.tbl) ?? []), row]);
  }
  return [...groups].map(([name, columns]) => ({
    name,
    root: columns[0]?.root ?? 0,
    virtual: columns[0]?.type === 'virtual',
    withoutRowid: columns[0]?.wr === 1,
    columns: columns.map((column) => column.col),
    key: columns
      .filter((column) => column.pk > 0)
      .sort((a, b) => a.pk - b.pk)
      .map((column) => column.col),
  }));
}
