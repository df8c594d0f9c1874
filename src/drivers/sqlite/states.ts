import type { SqliteDatabase } from './client.ts';
import { isDerived } from './virtual.ts';

/** One table as it stands in one of the two states that are compared. */
export interface TableState {
  readonly name: string;
  /** 0 for a virtual table. */
  readonly root: number;
  readonly virtual: boolean;
  /** Its definition, as it stands in the schema. */
  readonly sql: string;
  /** Columns with values of their own, in order. */
  readonly columns: readonly ColumnState[];
  /** Columns of the declared primary key, in key order. */
  readonly key: readonly ColumnState[];
  /** Whether two rows can have the same key, because a part of it can be null. */
  readonly nullableKey: boolean;
  /** A name that reaches the rowid, which a column of that name would hide; undefined where there is none. */
  readonly rowid: string | undefined;
}

export interface ColumnState {
  readonly name: string;
  /** As declared. */
  readonly type: string;
}

/** What was read of one database file before. */
export interface Known {
  /** Tables that are not looked at. */
  readonly leftOut: readonly string[];
  /** Columns by the definition of their table, which they follow from; undefined where its module is not known here. */
  readonly columns: Map<string, readonly ListedColumn[] | undefined>;
  last?: { readonly cookie: number; readonly states: States };
}

export function nothingKnown(leftOut: readonly string[]): Known {
  return { leftOut, columns: new Map() };
}

/** The tables with rows of their own, and the names of those that cannot be read: their module is not known here. */
export interface States {
  readonly tables: readonly TableState[];
  readonly unreadable: readonly string[];
}

export function statesOf(database: SqliteDatabase, schema: 'before' | 'main', known: Known): States {
  // SQLite itself knows by this number whether it must read the schema again.
  const cookie = Number(database.pragma(`${schema}.schema_version`, { simple: true }));
  if (known.last?.cookie !== cookie) known.last = { cookie, states: readStates(database, schema, known) };
  return known.last.states;
}

function readStates(database: SqliteDatabase, schema: string, known: Known): States {
  const listed = database
    .prepare(
      `SELECT l.name, l.type, l.wr, s.rootpage AS root, s.sql
         FROM pragma_table_list AS l JOIN ${schema}.sqlite_schema AS s ON s.type = 'table' AND s.name = l.name
        WHERE l.schema = ? AND l.type IN ('table', 'virtual') AND l.name NOT LIKE 'sqlite~_%' ESCAPE '~'
        ORDER BY l.name`,
    )
    .all(schema) as ListedTable[];
  const rowed = listed.filter(
    (table) => !known.leftOut.includes(table.name) && !(table.type === 'virtual' && isDerived(table.sql)),
  );
  const states = rowed.map((table) => stateOf(table, columnsOf(database, schema, table, known)));
  return {
    tables: states.filter((state) => state !== undefined),
    unreadable: rowed.filter((_, at) => states[at] === undefined).map((table) => table.name),
  };
}

interface ListedTable {
  readonly name: string;
  readonly type: string;
  readonly wr: number;
  readonly root: number | null;
  readonly sql: string;
}

interface ListedColumn extends ColumnState {
  readonly notnull: number;
  readonly pk: number;
  readonly hidden: number;
}

function stateOf(table: ListedTable, all: readonly ListedColumn[] | undefined): TableState | undefined {
  if (all === undefined) return undefined;
  const key = all.filter((column) => column.pk > 0).sort((a, b) => a.pk - b.pk);
  const isRowid = key.length === 1 && key[0]?.type.toUpperCase() === 'INTEGER';
  const taken = all.map((column) => column.name.toLowerCase());
  return {
    name: table.name,
    root: table.root ?? 0,
    virtual: table.type === 'virtual',
    sql: table.sql,
    columns: all.filter((column) => column.hidden === 0),
    key,
    nullableKey: table.wr === 0 && !isRowid && key.some((column) => column.notnull === 0),
    rowid: table.wr === 1 ? undefined : ['rowid', '_rowid_', 'oid'].find((name) => !taken.includes(name)),
  };
}

function columnsOf(
  database: SqliteDatabase,
  schema: string,
  table: ListedTable,
  { columns }: Known,
): readonly ListedColumn[] | undefined {
  if (!columns.has(table.sql)) columns.set(table.sql, readColumns(database, schema, table));
  return columns.get(table.sql);
}

function readColumns(
  database: SqliteDatabase,
  schema: string,
  { name, type }: ListedTable,
): readonly ListedColumn[] | undefined {
  try {
    return database
      .prepare('SELECT name, type, "notnull", pk, hidden FROM pragma_table_xinfo(?, ?) ORDER BY cid')
      .all(name, schema) as ListedColumn[];
  } catch (error) {
    if (type === 'virtual') return undefined;
    throw error;
  }
}
