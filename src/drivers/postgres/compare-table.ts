import type { Connection } from '../../seams/driver.ts';
import type { TableEvidence } from '../../seams/evidence.ts';
import type { ColumnPair } from './compare-pairs.ts';
import { areUnique, differencesByKey, differencesByValue, type Both, type RowDifferences } from './compare-rows.ts';
import type { ColumnState, TableState } from './compare-states.ts';
import { quoteIdentifier, quoteTable } from './names.ts';

/** One table in both states, with its columns. */
export interface Match {
  readonly before: TableState;
  readonly after: TableState;
  readonly columns: readonly ColumnPair[];
  readonly dropped: readonly ColumnState[];
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
  return {
    table: after.name,
    ...(before.name === after.name ? {} : { renamedFrom: before.name }),
    rowsBefore: was.rows,
    rowsAfter: now.rows,
    bytesBefore: before.bytes,
    bytesAfter: after.bytes,
    changed: found.differ,
    rowsGone: found.gone,
    rowsAdded: found.added,
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
  const rows = { before: match.before.name, after: match.after.name, columns: match.columns };
  const key = await keyOf(both, match);
  if (key !== undefined) {
    const found = await differencesByKey(both, rows, key);
    return { ...found, differ: found.gone + found.added + found.values.size > 0 };
  }
  const all = await differencesByValue(both, rows);
  const differ = all.gone + all.added > 0;
  // A value that a statement sets says nothing about which row it stands in.
  const isSet = ({ after: { name } }: ColumnPair): boolean =>
    [rows.before, rows.after].some((table) => assigned.has(`${table}.${name}`) || assigned.has(`${table}.*`));
  const unset = match.columns.filter((column) => !isSet(column) && !column.perhaps);
  if (!differ || unset.length === match.columns.length) return { ...all, differ, toldBy: 'value' };
  const gone = Math.max(0, was.rows - now.rows);
  if (unset.length === 0)
    return { gone, added: gone + now.rows - was.rows, values: new Map(), differ, toldBy: 'count' };
  return { ...(await differencesByValue(both, { ...rows, columns: unset })), differ, toldBy: 'value' };
}

/** The columns that tell rows apart in both states, by a key that one of them has. */
async function keyOf(both: Both, { before, after, columns }: Match): Promise<readonly ColumnPair[] | undefined> {
  const pairsOf = (names: readonly string[], side: 'before' | 'after'): readonly ColumnPair[] => {
    const found = names.flatMap(
      (name) => columns.find((column) => column[side].name === name && !column.perhaps) ?? [],
    );
    return found.length === names.length ? found : [];
  };
  const [old, now] = [pairsOf(before.key, 'before'), pairsOf(after.key, 'after')];
  if (old.length > 0 && old.length === now.length && old.every((column) => now.includes(column))) return old;
  const unique = (side: 'before' | 'after', key: readonly ColumnPair[]): Promise<boolean> =>
    areUnique(
      both[side],
      (side === 'before' ? before : after).name,
      key.map((column) => column[side].name),
    );
  if (old.length > 0 && (await unique('after', old))) return old;
  return now.length > 0 && (await unique('before', now)) ? now : undefined;
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
