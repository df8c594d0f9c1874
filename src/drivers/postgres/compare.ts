import { size } from '../../reports/quantities.ts';
import type { Evidence, StatementEvidence, TableEvidence } from '../../seams/evidence.ts';
import type { Target } from '../../seams/target.ts';
import { ownTables } from './names.ts';
import { defaultLimits, type CompareLimits } from './compare-limits.ts';
import { isNamed, pairColumns, pairTables, type TablePair } from './compare-pairs.ts';
import { tableStates, type TableState } from './compare-states.ts';
import { compareTable, readOf, type Content, type Match } from './compare-table.ts';
import { postgresContents, postgresCounts } from './contents.ts';
import { hiddenRows } from './hidden-rows.ts';
import { openLanes, type Both, type Lanes } from './lanes.ts';
import { renamesIn, type Renames } from './renames.ts';
import type { Open } from './side-session.ts';
import { toldScript } from './told-script.ts';

export interface CompareOptions {
  /** What ran in between, where that is known: it tells what was renamed and which columns were meant to change. */
  readonly statements?: readonly StatementEvidence[] | undefined;
  /** Names of tables, as either state has them. @default all */
  readonly tables?: readonly string[] | undefined;
}

export interface Bounds {
  readonly limits?: CompareLimits;
  /** Tables that are not compared. */
  readonly leftOut?: readonly string[];
}

/**
 * Compares the rows of two databases, one taken as the state before: table by table, skipping those whose digests are
 * equal, by primary key, else by value, in constant memory here and in read-only snapshots there, several tables at a
 * time. Of a table that is larger than `compareBytes` all rows are counted, and as many of them are compared as make up
 * so many bytes: the same in both states, chosen by a hash of their keys. The evidence says so.
 */
export async function comparePostgres(
  before: Target,
  after: Target,
  open: Open,
  options: CompareOptions & Bounds = {},
): Promise<Evidence> {
  await using lanes = await openLanes(before, after, open);
  return await compareOver(lanes, options);
}

export async function compareOver(
  lanes: Lanes,
  { statements, tables, limits = defaultLimits, leftOut = ownTables }: CompareOptions & Bounds,
): Promise<Evidence> {
  const { first } = lanes;
  const renames = statements === undefined ? undefined : renamesIn(await toldScript(statements));
  const assigned = new Set(
    (statements ?? []).flatMap(({ assigns = [], triggered = [] }) => [...assigns, ...triggered]),
  );
  const [was, there] = await Promise.all([tableStates(first.before, leftOut), tableStates(first.after, leftOut)]);
  const pairs = pairTables(was, there, renames).filter((pair) => isNamed(pair, tables));
  const matched = pairs.flatMap(({ before: one, after: other }) =>
    one === undefined || other === undefined ? [] : [matchOf(one, other, renames, limits)],
  );
  if (sum(matched.map(bytesOf)) > worthALane) await lanes.widen(limits.connections);
  const contents = await contentsOf(lanes, matched);
  // The largest first, so that no lane is left alone with it in the end.
  const order = [...contents].toSorted(([a], [b]) => bytesOf(b) - bytesOf(a));
  const compared = await lanes.each(order, async (both, [match, known]) => {
    return [match, await compareTable(both, match, known, assigned)] as const;
  });
  const found = new Map(compared);
  const evidence = matched.flatMap((match) => found.get(match) ?? []);
  const { rowsUnseen, notes: unseenNotes = [] } = await unseen(first, pairs, tables !== undefined);
  const notes = [...lanes.notes, ...matched.flatMap(sampled), ...unseenNotes];
  return {
    tables: [...evidence, ...(await appearedOrGone(first, pairs))],
    integrity: [],
    ...(rowsUnseen === undefined ? {} : { rowsUnseen }),
    ...(notes.length > 0 ? { notes } : {}),
  };
}

/** What takes less time than another connection would, in bytes. */
const worthALane = 3e7;

function matchOf(
  before: TableState,
  after: TableState,
  renames: Renames | undefined,
  { compareBytes }: CompareLimits,
): Match {
  const { pairs, dropped } = pairColumns(before, after, renames);
  const oneIn = Math.max(1, Math.ceil(Math.max(before.rowBytes, after.rowBytes) / Math.max(1, compareBytes)));
  return { before, after, columns: pairs, dropped, oneIn };
}

function bytesOf({ before, after }: Match): number {
  return before.rowBytes + after.rowBytes;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, one) => all + one, 0);
}

function sampled({ after, oneIn }: Match): readonly string[] {
  if (oneIn === 1) return [];
  return [
    `Of ${after.name} (${size(after.rowBytes)}) one row in ${oneIn} was compared, chosen by a hash of its key: a difference in another row would go unseen. All of its rows were counted.`,
  ];
}

interface Contents {
  readonly was: Content;
  readonly now: Content;
}

/** Both servers count and digest at the same time, small tables many at once. Left out are those that may not be read. */
async function contentsOf(lanes: Lanes, matched: readonly Match[]): Promise<ReadonlyMap<Match, Contents>> {
  const batches: Match[][] = [];
  let room = 0;
  for (const match of matched.toSorted((a, b) => bytesOf(b) - bytesOf(a))) {
    if (batches.length === 0 || room < bytesOf(match)) {
      batches.push([]);
      room = worthALane;
    }
    batches.at(-1)?.push(match);
    room -= bytesOf(match);
  }
  const read = await lanes.each(batches, async (both, batch) => {
    const of = (side: 'before' | 'after'): Promise<ReadonlyMap<string, Content>> =>
      postgresContents(
        both[side],
        batch.map((match) => readOf(match, side)),
      );
    const [was, now] = await Promise.all([of('before'), of('after')]);
    return batch.flatMap((match): (readonly [Match, Contents])[] => {
      const [before, after] = [was.get(match.before.name), now.get(match.after.name)];
      return before === undefined || after === undefined ? [] : [[match, { was: before, now: after }]];
    });
  });
  return new Map(read.flat());
}

/** Tables that were made or dropped. */
async function appearedOrGone(both: Both, pairs: readonly TablePair[]): Promise<readonly TableEvidence[]> {
  const gone = pairs.flatMap(({ before, after }) => (before !== undefined && after === undefined ? [before] : []));
  const made = pairs.flatMap(({ before, after }) => (after !== undefined && before === undefined ? [after] : []));
  const names = (tables: readonly TableState[]): readonly string[] => tables.map(({ name }) => name);
  const [was, now] = await Promise.all([
    postgresCounts(both.before, names(gone)),
    postgresCounts(both.after, names(made)),
  ]);
  return [
    ...gone.flatMap(({ name, bytes }) => {
      const rows = was.get(name);
      return rows === undefined ? [] : [{ table: name, rowsBefore: rows, bytesBefore: bytes, changed: rows > 0 }];
    }),
    ...made.flatMap(({ name, bytes }) => {
      const rows = now.get(name);
      return rows === undefined ? [] : [{ table: name, rowsAfter: rows, bytesAfter: bytes, changed: rows > 0 }];
    }),
  ];
}

/** Tables that were not compared. Where they were asked for by name, it is known that something became of them. */
async function unseen(
  both: Both,
  pairs: readonly TablePair[],
  named: boolean,
): Promise<Pick<Evidence, 'rowsUnseen' | 'notes'>> {
  const names = (side: 'before' | 'after'): readonly string[] => pairs.flatMap((pair) => pair[side]?.name ?? []);
  const [was, now] = await Promise.all([
    hiddenRows(both.before, names('before')),
    hiddenRows(both.after, names('after')),
  ]);
  const hidden = pairs.flatMap(({ before, after }) => {
    const why = was.get(before?.name ?? '') ?? now.get(after?.name ?? '');
    return why === undefined ? [] : [{ table: (after ?? before)?.name ?? '', why }];
  });
  if (hidden.length === 0) return {};
  if (named) return { rowsUnseen: hidden };
  return { notes: hidden.map(({ table, why }) => `The rows of ${table} were not compared, because ${why}.`) };
}
