import type { TableEvidence } from '../../seams/evidence.ts';
import type { SqliteDatabase } from './client.ts';
import type { TablePair, TableState } from './pairs.ts';
import { quoteIdentifier } from './tokens.ts';

/** What happened to the rows of one table between the attached state `before` and `main`. */
export function compareTable(database: SqliteDatabase, pair: TablePair): TableEvidence {
  const { before, after } = pair;
  if (before === undefined || after === undefined) return appearedOrGone(database, before, after);
  const columns = pairColumns(before, after);
  const rowsBefore = count(database, 'before', before);
  const rowsAfter = count(database, 'main', after);
  const identity = identityOf(before, after, columns.same);
  const { rowsGone, valuesChanged } =
    identity === undefined
      ? { rowsGone: goneByValue(database, before, after, columns.same, rowsBefore - rowsAfter), valuesChanged: {} }
      : compareByIdentity(database, before, after, columns.same, identity);
  const columnsDropped = droppedValues(database, before, columns.dropped);
  return {
    table: after.name,
    ...(before.name.toLowerCase() === after.name.toLowerCase() ? {} : { renamedFrom: before.name }),
    rowsBefore,
    rowsAfter,
    ...bytes(database, 'bytesBefore', 'before', before),
    ...bytes(database, 'bytesAfter', 'main', after),
    changed: rowsGone > 0 || rowsAfter !== rowsBefore - rowsGone || Object.keys(valuesChanged).length > 0,
    rowsGone,
    valuesChanged,
    ...(Object.keys(columnsDropped).length > 0 ? { columnsDropped } : {}),
  };
}

function appearedOrGone(database: SqliteDatabase, before: TableState | undefined, after: TableState | undefined): TableEvidence {
  const rowsBefore = before && count(database, 'before', before);
  const rowsAfter = after && count(database, 'main', after);
  return {
    table: after?.name ?? before?.name ?? '',
    ...(before === undefined ? {} : { rowsBefore: rowsBefore ?? 0, ...bytes(database, 'bytesBefore', 'before', before) }),
    ...(after === undefined ? {} : { rowsAfter: rowsAfter ?? 0, ...bytes(database, 'bytesAfter', 'main', after) }),
    changed: (rowsBefore ?? rowsAfter ?? 0) > 0,
  };
}

interface ColumnPair {
  readonly before: string;
  readonly after: string;
}

/** Columns by name; those left over on both sides at the same place of an equally long list were renamed. */
function pairColumns(before: TableState, after: TableState): { readonly same: readonly ColumnPair[]; readonly dropped: readonly string[] } {
  const lower = after.columns.map((column) => column.toLowerCase());
  const names = new Set(before.columns.map((column) => column.toLowerCase()));
  const same: ColumnPair[] = [];
  const dropped: string[] = [];
  for (const [at, column] of before.columns.entries()) {
    const named = after.columns[lower.indexOf(column.toLowerCase())];
    const there = after.columns[at];
    const renamed =
      before.columns.length === after.columns.length && there !== undefined && !names.has(there.toLowerCase()) ? there : undefined;
    const found = named ?? renamed;
    if (found === undefined) dropped.push(column);
    else same.push({ before: column, after: found });
  }
  return { same, dropped };
}

/** What makes a row the same row: the primary key, else the rowid where the table was not rebuilt. */
function identityOf(before: TableState, after: TableState, columns: readonly ColumnPair[]): readonly ColumnPair[] | undefined {
  const key = before.key.map((name) => columns.find((column) => column.before === name));
  const sameKey =
    key.length > 0 && key.length === after.key.length && key.every((column, at) => column?.after === after.key[at]);
  if (sameKey) return key.filter((column) => column !== undefined);
  const rowid = rowidOf(before);
  if (rowid === undefined || rowid !== rowidOf(after) || before.root !== after.root) return undefined;
  return [{ before: rowid, after: rowid }];
}

/** A name that reaches the rowid: each can be hidden by a column of that name. */
function rowidOf(table: TableState): string | undefined {
  if (table.withoutRowid) return undefined;
  const taken = table.columns.map((column) => column.toLowerCase());
  return ['rowid', '_rowid_', 'oid'].find((name) => !taken.includes(name));
}

function compareByIdentity(
  database: SqliteDatabase,
  before: TableState,
  after: TableState,
  columns: readonly ColumnPair[],
  identity: readonly ColumnPair[],
): { rowsGone: number; valuesChanged: Record<string, number> } {
  // A row is there if its rowid is; a table without rowids has a key that is never null.
  const there = rowidOf(after) ?? after.key[0] ?? '';
  const found = `a.${quoteIdentifier(there)} IS NOT NULL`;
  const keys = identity.map((pair) => pair.before);
  const compared = columns.filter((column) => !keys.includes(column.before));
  const sums = compared.map(
    (column, at) => `, sum(${found} AND a.${quoteIdentifier(column.after)} IS NOT b.${quoteIdentifier(column.before)} COLLATE BINARY) AS c${at}`,
  );
  const on = identity.map((pair) => `a.${quoteIdentifier(pair.after)} IS b.${quoteIdentifier(pair.before)}`).join(' AND ');
  const row = database
    .prepare(
      `SELECT sum(NOT (${found})) AS gone${sums.join('')}
         FROM before.${quoteIdentifier(before.name)} AS b LEFT JOIN main.${quoteIdentifier(after.name)} AS a ON ${on}`,
    )
    .get() as Record<string, number | null>;
  const changed = compared.map((column, at) => [column.after, row[`c${at}`] ?? 0] as const).filter(([, rows]) => rows > 0);
  return { rowsGone: row['gone'] ?? 0, valuesChanged: Object.fromEntries(changed) };
}

/** Without an identity only values tell: distinct rows that are there no more, at least as many as the count fell by. */
function goneByValue(database: SqliteDatabase, before: TableState, after: TableState, columns: readonly ColumnPair[], fewer: number): number {
  const row = database
    .prepare(
      `SELECT count(*) AS gone FROM (
         SELECT ${listOf(columns.map((column) => column.before))} FROM before.${quoteIdentifier(before.name)}
         EXCEPT SELECT ${listOf(columns.map((column) => column.after))} FROM main.${quoteIdentifier(after.name)})`,
    )
    .get() as { gone: number };
  return Math.max(row.gone, fewer, 0);
}

function listOf(names: readonly string[]): string {
  return names.map(quoteIdentifier).join(', ') || 'NULL';
}

function droppedValues(database: SqliteDatabase, before: TableState, dropped: readonly string[]): Record<string, number> {
  if (dropped.length === 0) return {};
  const counts = dropped.map((column, at) => `count(${quoteIdentifier(column)}) AS c${at}`).join(', ');
  const row = database.prepare(`SELECT ${counts} FROM before.${quoteIdentifier(before.name)}`).get() as Record<string, number>;
  return Object.fromEntries(dropped.map((column, at) => [column, row[`c${at}`] ?? 0]));
}

function count(database: SqliteDatabase, schema: 'before' | 'main', table: TableState): number {
  const row = database.prepare(`SELECT count(*) AS rows FROM ${schema}.${quoteIdentifier(table.name)}`).get() as { rows: number };
  return row.rows;
}

function bytes<Key extends string>(
  database: SqliteDatabase,
  key: Key,
  schema: 'before' | 'main',
  table: TableState,
): { [key in Key]?: number } {
  if (table.root === 0) return {};
  const row = database.prepare('SELECT sum(pgsize) AS bytes FROM dbstat(?, 1) WHERE name = ?').get(schema, table.name) as {
    bytes: number | null;
  };
  return { [key]: row.bytes ?? 0 } as { [key in Key]?: number };
}
