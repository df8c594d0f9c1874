import type { Evidence, StatementEvidence, TableEvidence } from '../../seams/evidence.ts';
import type { Target } from '../../seams/target.ts';
import { isNamed, pairColumns, pairTables, type TablePair } from './compare-pairs.ts';
import type { Both } from './compare-rows.ts';
import { tableStates, type TableState } from './compare-states.ts';
import { compareTable, type Content, type Match } from './compare-table.ts';
import { postgresContents, postgresCounts } from './contents.ts';
import { renamesIn, type Renames } from './renames.ts';
import { underFixedSettings } from './settings.ts';
import type { Open } from './side-session.ts';
import { toldScript } from './told-script.ts';

export interface CompareOptions {
  /** What ran in between, where that is known: it tells what was renamed and which columns were meant to change. */
  readonly statements?: readonly StatementEvidence[] | undefined;
  /** Names of tables, as either state has them. @default all */
  readonly tables?: readonly string[] | undefined;
}

/**
 * Compares the rows of two databases, one taken as the state before: table by table, skipping those whose digests are
 * equal, by primary key, else by value, in constant memory here and in two read-only snapshots there.
 */
export async function comparePostgres(
  before: Target,
  after: Target,
  open: Open,
  { statements, tables }: CompareOptions = {},
): Promise<Evidence> {
  await using old = await open(before);
  await using now = await open(after);
  const renames = statements === undefined ? undefined : renamesIn(await toldScript(statements));
  const assigned = new Set(
    (statements ?? []).flatMap(({ assigns = [], triggered = [] }) => [...assigns, ...triggered]),
  );
  return await inSnapshots({ before: old, after: now }, async (both) => {
    const [was, there] = await Promise.all([tableStates(both.before), tableStates(both.after)]);
    const pairs = pairTables(was, there, renames).filter((pair) => isNamed(pair, tables));
    const matched = pairs.flatMap(({ before: one, after: other }) =>
      one === undefined || other === undefined ? [] : [matchOf(one, other, renames)],
    );
    const contents = await contentsOf(both, matched);
    const evidence: TableEvidence[] = [];
    for (const match of matched) {
      const was = contents.before.get(match.before.name) ?? nothing;
      const now = contents.after.get(match.after.name) ?? nothing;
      evidence.push(await compareTable(both, match, { was, now }, assigned));
    }
    return { tables: [...evidence, ...(await appearedOrGone(both, pairs))], integrity: [] };
  });
}

async function inSnapshots<T>(both: Both, body: (both: Both) => Promise<T>): Promise<T> {
  const each = (sql: string): Promise<unknown> => Promise.all([both.before.query(sql), both.after.query(sql)]);
  await each('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  try {
    // Sorting is the work of it.
    await each(`SELECT set_config('work_mem', '64MB', true)`);
    return await underFixedSettings(both.before, () => underFixedSettings(both.after, () => body(both)));
  } finally {
    await each('ROLLBACK').catch(() => {});
  }
}

function matchOf(before: TableState, after: TableState, renames: Renames | undefined): Match {
  const { pairs, dropped } = pairColumns(before, after, renames);
  return { before, after, columns: pairs, dropped };
}

const nothing: Content = { rows: 0, digest: '' };

interface Contents {
  readonly before: ReadonlyMap<string, Content>;
  readonly after: ReadonlyMap<string, Content>;
}

/** Both servers count and digest at the same time. */
async function contentsOf(both: Both, matched: readonly Match[]): Promise<Contents> {
  const of = (side: 'before' | 'after'): Promise<ReadonlyMap<string, Content>> =>
    postgresContents(
      both[side],
      matched.map((match) => ({ table: match[side].name, columns: match.columns.map((column) => column[side].name) })),
    );
  const [before, after] = await Promise.all([of('before'), of('after')]);
  return { before, after };
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
    ...gone.map(({ name, bytes }) => ({
      table: name,
      rowsBefore: was.get(name) ?? 0,
      bytesBefore: bytes,
      changed: (was.get(name) ?? 0) > 0,
    })),
    ...made.map(({ name, bytes }) => ({
      table: name,
      rowsAfter: now.get(name) ?? 0,
      bytesAfter: bytes,
      changed: (now.get(name) ?? 0) > 0,
    })),
  ];
}
