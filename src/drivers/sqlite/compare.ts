import type { TableEvidence } from '../../seams/evidence.ts';
import type { SqliteDatabase } from './client.ts';
import { pairColumns, type ColumnPair, type ColumnPairs, type NameNow } from './columns.ts';
import { compareRows, count, type RowChanges } from './compare-rows.ts';
import type { SeenTable } from './page-watch.ts';
import type { TablePair } from './pairs.ts';
import type { ColumnState, TableState } from './states.ts';
import { quoteIdentifier } from './tokens.ts';

/**
 * What happened to the rows of one table between the attached state `before` and `main`. `assigned`: lower-case
 * `table.column` of every column that the statements set. `seen`: what the pages tell, where they do.
 */
export function compareTable(
  database: SqliteDatabase,
  { before, after, rebuilt }: TablePair,
  nameNow: NameNow,
  assigned: ReadonlySet<string>,
  seen?: SeenTable,
): TableEvidence {
  if (before === undefined || after === undefined) return appearedOrGone(database, before, after);
  const ranges = seen?.ranges;
  const rowsBefore = seen?.before?.rows ?? count(database, 'before', before);
  const rowsAfter =
    ranges === undefined
      ? count(database, 'main', after)
      : rowsBefore + count(database, 'main', after, ranges) - count(database, 'before', before, ranges);
  const paired = pairColumns(before, after, nameNow);
  // What only may be a column renamed is told by its values, whoever set them.
  const isAssigned = (column: ColumnPair): boolean =>
    paired.same.includes(column) &&
    [before.name, after.name].some((name) =>
      ['*', column.after.name].some((part) => assigned.has(`${name}.${part}`.toLowerCase())),
    );
  const { changes, dropped } = compareColumns(paired, (columns) =>
    compareRows(database, { before, after, columns, rebuilt, ranges, isAssigned }),
  );
  const columnsDropped = droppedValues(database, before, dropped);
  return {
    table: after.name,
    ...(before.name.toLowerCase() === after.name.toLowerCase() ? {} : { renamedFrom: before.name }),
    rowsBefore,
    rowsAfter,
    ...bytesOfBoth(database, before, after, seen),
    changed: changes.differ || changes.gone > 0 || rowsAfter !== rowsBefore || changes.valuesChanged.size > 0,
    rowsGone: changes.gone,
    rowsAdded: rowsAfter - (rowsBefore - changes.gone),
    ...(changes.toldBy === undefined ? {} : { rowsToldBy: changes.toldBy }),
    valuesChanged: Object.fromEntries(changes.valuesChanged),
    ...(Object.keys(columnsDropped).length > 0 ? { columnsDropped } : {}),
  };
}

/** A table that was made or dropped. */
function appearedOrGone(
  database: SqliteDatabase,
  before: TableState | undefined,
  after: TableState | undefined,
): TableEvidence {
  const rowsBefore = before && count(database, 'before', before);
  const rowsAfter = after && count(database, 'main', after);
  return {
    table: after?.name ?? before?.name ?? '',
    ...(before === undefined
      ? {}
      : { rowsBefore: rowsBefore ?? 0, ...bytes(database, 'bytesBefore', 'before', before) }),
    ...(after === undefined ? {} : { rowsAfter: rowsAfter ?? 0, ...bytes(database, 'bytesAfter', 'main', after) }),
    changed: (rowsBefore ?? rowsAfter ?? 0) > 0,
  };
}

interface Compared {
  readonly changes: RowChanges;
  readonly dropped: readonly ColumnState[];
}

/**
 * A column that is gone where a new one stands at its place was renamed if all values are the same; otherwise one was
 * dropped and another added.
 */
function compareColumns(
  { same, perhapsRenamed, dropped }: ColumnPairs,
  compare: (columns: readonly ColumnPair[]) => RowChanges,
): Compared {
  const all = compare([...same, ...perhapsRenamed]);
  const others = perhapsRenamed.filter((column) => all.valuesChanged.has(column.after.name));
  if (others.length > 0) {
    const kept = perhapsRenamed.filter((column) => !others.includes(column));
    return { changes: compare([...same, ...kept]), dropped: [...dropped, ...others.map((column) => column.before)] };
  }
  // Rows without an identity are gone if any value is another one.
  if (perhapsRenamed.length === 0 || all.gone === 0) return { changes: all, dropped };
  const changes = compare(same);
  if (changes.gone >= all.gone) return { changes: all, dropped };
  return { changes, dropped: [...dropped, ...perhapsRenamed.map((column) => column.before)] };
}

function droppedValues(
  database: SqliteDatabase,
  before: TableState,
  dropped: readonly ColumnState[],
): Record<string, number> {
  if (dropped.length === 0) return {};
  const counts = dropped.map((column, at) => `count(${quoteIdentifier(column.name)}) AS c${at}`).join(', ');
  const row = database.prepare(`SELECT ${counts} FROM before.${quoteIdentifier(before.name)}`).get() as Record<
    string,
    number
  >;
  return Object.fromEntries(dropped.map((column, at) => [column.name, row[`c${at}`] ?? 0]));
}

function bytesOfBoth(
  database: SqliteDatabase,
  before: TableState,
  after: TableState,
  seen: SeenTable | undefined,
): Pick<TableEvidence, 'bytesBefore' | 'bytesAfter'> {
  const old =
    seen?.before === undefined ? bytes(database, 'bytesBefore', 'before', before) : { bytesBefore: seen.before.bytes };
  if (old.bytesBefore === undefined || seen?.moreBytes === undefined)
    return { ...old, ...bytes(database, 'bytesAfter', 'main', after) };
  return { ...old, bytesAfter: old.bytesBefore + seen.moreBytes };
}

function bytes<Key extends string>(
  database: SqliteDatabase,
  key: Key,
  schema: 'before' | 'main',
  table: TableState,
): { [key in Key]?: number } {
  if (table.root === 0) return {};
  const row = database
    .prepare('SELECT sum(pgsize) AS bytes FROM dbstat(?, 1) WHERE name = ?')
    .get(schema, table.name) as {
    bytes: number | null;
  };
  return { [key]: row.bytes ?? 0 } as { [key in Key]?: number };
}
