import type { SqliteDatabase } from './client.ts';
import { differs, matches, type ColumnPair } from './columns.ts';
import type { TableState } from './states.ts';
import type { RowRange } from './differing-rows.ts';
import { quoteIdentifier } from './tokens.ts';

/** The rows of one table in both states, with the columns that are in both. */
export interface RowPair {
  readonly before: TableState;
  readonly after: TableState;
  readonly columns: readonly ColumnPair[];
  /** Whether rows may have got other rowids. */
  readonly rebuilt: boolean;
  /** Where rows can differ at all, by rowid. Absent where that is not known. */
  readonly ranges?: readonly RowRange[] | undefined;
  /** Whether a statement is known to set the column. */
  isAssigned(column: ColumnPair): boolean;
}

export interface RowChanges {
  readonly gone: number;
  /** By the name of the column after. */
  readonly valuesChanged: ReadonlyMap<string, number>;
  /** Whether any row differs, in a column that is set as well. */
  readonly differ: boolean;
  /** Absent where each row has an identity. */
  readonly toldBy?: 'value' | 'count';
}

/** By primary key where both states have the same, else by rowid where the table was not rebuilt, else by value. */
export function compareRows(database: SqliteDatabase, rows: RowPair): RowChanges {
  const key = keyOf(rows);
  if (key !== undefined) return byKey(database, rows, key);
  const { before, after } = rows;
  if (before.rowid === undefined || after.rowid === undefined || rows.rebuilt) return byUnsetValue(database, rows);
  const changes = byIdentity(database, rows, `a.${after.rowid} = b.${before.rowid}`, '');
  if (changes.gone === 0 && changes.valuesChanged.size === 0) return changes;
  // VACUUM may give rows other rowids; then all are still there.
  const values = byValue(database, rows);
  const asMany = count(database, 'before', before, rows.ranges) === count(database, 'main', after, rows.ranges);
  return values.gone === 0 && asMany ? values : changes;
}

export function count(
  database: SqliteDatabase,
  schema: 'before' | 'main',
  table: TableState,
  ranges?: readonly RowRange[],
): number {
  const row = database.prepare(`SELECT count(*) AS rows FROM ${rowsIn(schema, table, 't', ranges)}`).get() as {
    rows: number;
  };
  return row.rows;
}

/** The rows of a table, or of some ranges of it, for a FROM. */
function rowsIn(
  schema: 'before' | 'main',
  table: TableState,
  alias: string,
  ranges: readonly RowRange[] | undefined,
): string {
  const rows = `${schema}.${quoteIdentifier(table.name)} AS ${alias}`;
  if (ranges === undefined) return rows;
  const values = ranges.map(({ first, last }) => `(${first}, ${last})`).join(', ');
  const list = values === '' ? 'SELECT 0 AS column1, 0 AS column2 WHERE 0' : `VALUES ${values}`;
  // SQLite keeps to the order of a CROSS JOIN, and so finds each range by its rowids.
  return `(${list}) AS r CROSS JOIN ${rows} ON ${alias}.${table.rowid} BETWEEN r.column1 AND r.column2`;
}

function keyOf({ before, after, columns }: RowPair): readonly ColumnPair[] | undefined {
  if (before.key.length === 0 || before.key.length !== after.key.length) return undefined;
  const key = before.key.map((part) => columns.find((column) => column.before.name === part.name));
  const found = key.filter((column) => column !== undefined);
  return found.length === key.length && found.every((column, at) => column.after.name === after.key[at]?.name)
    ? found
    : undefined;
}

/** Rows with a null in their key have no identity: SQLite allows any number of them. */
function byKey(database: SqliteDatabase, rows: RowPair, key: readonly ColumnPair[]): RowChanges {
  const on = key.map(matches).join(' AND ');
  if (!rows.before.nullableKey && !rows.after.nullableKey) return merged(database, rows, key, on, '');
  const hasNull = (side: 'before' | 'after'): string =>
    key.map((part) => `t.${quoteIdentifier(part[side].name)} IS NULL`).join(' OR ');
  const whole = key.map((part) => `b.${quoteIdentifier(part.before.name)} IS NOT NULL`).join(' AND ');
  const found = merged(database, rows, key, on, `WHERE ${whole}`);
  const nameless = byUnsetValue(database, rows, hasNull('before'), hasNull('after'));
  return { ...found, gone: found.gone + nameless.gone, differ: found.differ || nameless.differ };
}

/**
 * Keys that were different can be one key now: of another type, or under another collation. Of the rows that have
 * become one, all but one are gone. That shows in a key that reads otherwise, or has another type.
 */
function merged(
  database: SqliteDatabase,
  rows: RowPair,
  key: readonly ColumnPair[],
  on: string,
  where: string,
): RowChanges {
  const found = byIdentity(database, rows, on, where);
  const isExact = ({ before, after }: ColumnPair): boolean =>
    before.type.toUpperCase() === after.type.toUpperCase() && !found.valuesChanged.has(after.name);
  if (key.every(isExact)) return found;
  const names = key.map(({ after }) => `a.${quoteIdentifier(after.name)}`).join(', ');
  const tables = `${rowsIn('before', rows.before, 'b', rows.ranges)} JOIN main.${quoteIdentifier(rows.after.name)} AS a ON ${on} ${where}`;
  const { matches, targets } = database
    .prepare(
      `SELECT (SELECT count(*) FROM ${tables}) AS matches, (SELECT count(*) FROM (SELECT DISTINCT ${names} FROM ${tables})) AS targets`,
    )
    .get() as { matches: number; targets: number };
  return { ...found, gone: found.gone + matches - targets, differ: found.differ || matches > targets };
}

function byIdentity(
  database: SqliteDatabase,
  { before, after, columns, ranges }: RowPair,
  on: string,
  where: string,
): RowChanges {
  // A row is there if its rowid is; a table without rowids has a key that is not null in a row that matches.
  const there = `a.${after.rowid ?? quoteIdentifier(after.key[0]?.name ?? '')} IS NOT NULL`;
  const sums = columns.map((column, at) => `, sum(${there} AND ${differs(column)}) AS c${at}`);
  const row = database
    .prepare(
      `SELECT sum(NOT (${there})) AS gone${sums.join('')}
         FROM ${rowsIn('before', before, 'b', ranges)} LEFT JOIN main.${quoteIdentifier(after.name)} AS a ON ${on} ${where}`,
    )
    .get() as Record<string, number | null>;
  const changed = columns
    .map((column, at) => [column.after.name, row[`c${at}`] ?? 0] as const)
    .filter(([, n]) => n > 0);
  const gone = row['gone'] ?? 0;
  return { gone, valuesChanged: new Map(changed), differ: gone > 0 || changed.length > 0 };
}

/** A value that a statement sets says nothing about which row it stands in. */
function byUnsetValue(database: SqliteDatabase, rows: RowPair, whereBefore = '1', whereAfter = '1'): RowChanges {
  const all = byValue(database, rows, whereBefore, whereAfter);
  const columns = rows.columns.filter((column) => !rows.isAssigned(column));
  if (all.gone === 0 || columns.length === rows.columns.length) return all;
  const unset = byValue(database, { ...rows, columns }, whereBefore, whereAfter);
  return { ...unset, differ: true, toldBy: columns.length === 0 ? 'count' : 'value' };
}

/** Without an identity only values tell: how often each row stands in before more often than in after. */
function byValue(
  database: SqliteDatabase,
  { before, after, columns, ranges }: RowPair,
  whereBefore = '1',
  whereAfter = '1',
): RowChanges {
  const list = (side: 'before' | 'after'): string =>
    columns.map((column, at) => `t.${quoteIdentifier(column[side].name)} COLLATE BINARY AS v${at}, `).join('');
  const grouped = columns.length === 0 ? '' : `GROUP BY ${columns.map((_, at) => `v${at}`).join(', ')}`;
  const row = database
    .prepare(
      `SELECT total(n) AS gone FROM (
         SELECT sum(one) AS n FROM (
           SELECT ${list('before')}1 AS one FROM ${rowsIn('before', before, 't', ranges)} WHERE ${whereBefore}
           UNION ALL
           SELECT ${list('after')}-1 FROM ${rowsIn('main', after, 't', ranges)} WHERE ${whereAfter}
         ) ${grouped} HAVING n > 0)`,
    )
    .get() as { gone: number };
  return { gone: row.gone, valuesChanged: new Map(), differ: row.gone > 0, toldBy: 'value' };
}
