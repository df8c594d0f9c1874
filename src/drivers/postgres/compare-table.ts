import type { Connection } from '../../seams/driver.ts';
import type { TableEvidence } from '../../seams/evidence.ts';
import type { ColumnPair } from './compare-pairs.ts';
import {
  areUnique,
  differencesByKey,
  differencesByValue,
  isChosen,
  type RowDifferences,
  type RowPair,
} from './compare-rows.ts';
import type { ColumnState, TableState } from './compare-states.ts';
import type { TableRead } from './contents.ts';
import type { Both } from './lanes.ts';
import { quoteIdentifier, quoteTable } from './names.ts';

/** One table in both states, with its columns. */
export interface Match {
  readonly before: TableState;
  readonly after: TableState;
  readonly columns: readonly ColumnPair[];
  readonly dropped: readonly ColumnState[];
  /** One row in so many is compared; 1 for all. All are counted. */
  readonly oneIn: number;
}

/** What is read of one side to see whether anything differs at all. */
export function readOf(match: Match, side: 'before' | 'after'): TableRead {
  const { columns, oneIn } = match;
  const [key] = keysOf(match);
  return {
    table: match[side].name,
    columns: columns.map((column) => column[side].name),
    ...(oneIn === 1 ? {} : { only: isChosen(key?.columns ?? columns, side, oneIn) }),
  };
}

/** Row count and digest of the columns that are paired. */
export interface Content {
  readonly rows: number;
  readonly digest: string;
}

/** `assigned`: `schema.table.column` of every column that the statements set, or triggers that they fire. */
export async function compareTable(
  both: Both,
  match: Match,
  { was, now }: { readonly was: Content; readonly now: Content },
  assigned: ReadonlySet<string>,
): Promise<TableEvidence> {
  const { before, after } = match;
  const equal = was.rows === now.rows && was.digest === now.digest && areAlike(match.columns);
  const found = equal ? unchanged : await differences(both, match, { was, now, assigned });
  const changed = match.columns.filter(({ perhaps, after: { name } }) => perhaps && found.values.has(name));
  const dropped = [...match.dropped, ...changed.map((column) => column.before)];
  const values = [...found.values].filter(([name]) => !changed.some((column) => column.after.name === name));
  const columnsDropped = await valuesIn(both.before, before.name, dropped);
  const more = now.rows - was.rows;
  return {
    table: after.name,
    ...(before.name === after.name ? {} : { renamedFrom: before.name }),
    rowsBefore: was.rows,
    rowsAfter: now.rows,
    bytesBefore: before.bytes,
    bytesAfter: after.bytes,
    ...(match.oneIn === 1 ? {} : { comparedOneIn: match.oneIn }),
    changed: found.differ || more !== 0,
    // Counts of all rows tell of some that are not compared.
    rowsGone: Math.max(found.gone, -more),
    rowsAdded: Math.max(found.added, more),
    ...(found.toldBy === undefined ? {} : { rowsToldBy: found.toldBy }),
    valuesChanged: Object.fromEntries(values),
    ...(dropped.length > 0 ? { columnsDropped } : {}),
  };
}

interface Differences extends RowDifferences {
  /** Whether any row differs, in a column that is set as well. */
  readonly differ: boolean;
  readonly toldBy?: 'value' | 'count';
}

const unchanged: Differences = { gone: 0, added: 0, values: new Map(), differ: false };

function areAlike(columns: readonly ColumnPair[]): boolean {
  return columns.every(({ before, after }) => before.type === after.type);
}

interface Known {
  readonly was: Content;
  readonly now: Content;
  readonly assigned: ReadonlySet<string>;
}

async function differences(both: Both, match: Match, { was, now, assigned }: Known): Promise<Differences> {
  const { columns, oneIn } = match;
  const rows = {
    before: match.before.name,
    after: match.after.name,
    columns,
    oneIn,
    count: Math.max(was.rows, now.rows),
  };
  const key = await keyOf(both, match, rows);
  if (key !== undefined) {
    const found = await differencesByKey(both, rows, key);
    return { ...found, differ: found.gone + found.added + found.values.size > 0 };
  }
  const all = await differencesByValue(both, rows);
  const differ = all.gone + all.added > 0;
  // A value that a statement sets says nothing about which row it stands in.
  const isSet = ({ after: { name } }: ColumnPair): boolean =>
    [rows.before, rows.after].some((table) => assigned.has(`${table}.${name}`) || assigned.has(`${table}.*`));
  const unset = columns.filter((column) => !isSet(column) && !column.perhaps);
  if (!differ || unset.length === columns.length) return { ...all, differ, toldBy: 'value' };
  const gone = Math.max(0, was.rows - now.rows);
  if (unset.length === 0)
    return { gone, added: gone + now.rows - was.rows, values: new Map(), differ, toldBy: 'count' };
  return { ...(await differencesByValue(both, { ...rows, columns: unset })), differ, toldBy: 'value' };
}

/** The columns that tell rows apart in both states, by a key that one of them has. */
async function keyOf(both: Both, match: Match, rows: RowPair): Promise<readonly ColumnPair[] | undefined> {
  const keys = keysOf(match);
  const [one, other] = keys;
  if (one === undefined || (other !== undefined && isSameSet(one.columns, other.columns))) return one?.columns;
  for (const { columns, side } of keys) {
    const elsewhere = side === 'before' ? 'after' : 'before';
    if (await areUnique(both, elsewhere, rows, columns)) return columns;
  }
  return undefined;
}

interface Key {
  readonly side: 'before' | 'after';
  readonly columns: readonly ColumnPair[];
}

/** The keys of either state whose columns the other has as well. */
function keysOf({ before, after, columns }: Pick<Match, 'before' | 'after' | 'columns'>): readonly Key[] {
  return (['before', 'after'] as const).flatMap((side) => {
    const names = (side === 'before' ? before : after).key;
    const found = names.flatMap(
      (name) => columns.find((column) => column[side].name === name && !column.perhaps) ?? [],
    );
    return found.length === 0 || found.length < names.length ? [] : [{ side, columns: found }];
  });
}

function isSameSet(one: readonly ColumnPair[], other: readonly ColumnPair[]): boolean {
  return one.length === other.length && one.every((column) => other.includes(column));
}

async function valuesIn(
  connection: Connection,
  table: string,
  columns: readonly ColumnState[],
): Promise<Record<string, number>> {
  if (columns.length === 0) return {};
  const counts = columns.map(({ name }, at) => `count(${quoteIdentifier(name)})::float8 AS c${at}`).join(', ');
  const [row] = await connection.query(`SELECT ${counts} FROM ONLY ${quoteTable(table)}`);
  return Object.fromEntries(columns.map(({ name }, at) => [name, Number(row?.[`c${at}`])]));
}
