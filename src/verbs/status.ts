import { isForerunError } from '../error.ts';
import type { ErrorReport } from '../events.ts';
import type { Drift, Plan } from '../plan.ts';
import { makePlan, severityOf } from '../planned.ts';
import type { Session } from '../seams/driver.ts';
import type { HistoryRow, JournalEntry } from '../seams/records.ts';
import type { Setup } from '../setup.ts';
import { isGoingOn } from '../unfinished.ts';

/** How a database stands to its migrations. */
export interface Status {
  /** Address without a password. */
  readonly database: string;
  readonly applied: readonly HistoryRow[];
  readonly pending: readonly { readonly version: string; readonly name: string }[];
  readonly drift: readonly Drift[];
  /** Names of those applied whose file is gone, which was accepted with `repair`. */
  readonly gone: readonly string[];
  /** Whether `up` would stop before it runs anything, because of the drift or the problem. */
  readonly stops: boolean;
  /** Why the migrations could not be read; then nothing is known to be pending. */
  readonly problem?: ErrorReport;
  /**
   * The journal of a run that has not said that it finished: it goes on at this moment, or it died. Which of them, is
   * known of a process of this host alone.
   */
  readonly unfinished?: JournalEntry & { readonly goingOn?: boolean };
  readonly copies: { readonly checkpoints: number; readonly branches: number; readonly leftovers: number };
  /** What exists and no rehearsal compares, each kind with its number; only where it was asked for and there is any. */
  readonly notCompared?: readonly string[];
  /** What a person should know besides. */
  readonly notes: readonly string[];
}

export interface StatusOptions {
  /** Also lists what exists in the database and is not compared. @default false */
  readonly verbose?: boolean;
}

/** Reads everything and writes nothing; what would be adopted is computed in memory. */
export async function status(setup: Setup, { verbose = false }: StatusOptions = {}): Promise<Status> {
  const { driver, main, source } = setup;
  await driver.examine(main, 'reading');
  await using connection = await driver.open(main);
  const [{ plan, problem }, copies] = await Promise.all([planned(setup, connection), countCopies(setup)]);
  const entry = await driver.journal(connection).read(await driver.identity(main));
  const rows = await driver.history(connection).rows();
  const recorded = new Set(rows.map((row) => row.name));
  const applied = plan?.applied ?? rows;
  const drift = plan?.drift ?? [];
  const notCompared = verbose ? ((await driver.notCompared?.(connection)) ?? []) : [];
  return {
    database: main.url,
    applied,
    pending: (plan?.pending ?? []).map(({ version, name }) => ({ version, name })),
    drift,
    gone: (plan?.gone ?? []).map((row) => row.name),
    stops: problem !== undefined || drift.some((one) => severityOf(one, setup) === 'block'),
    ...(problem === undefined ? {} : { problem }),
    ...(entry === undefined || entry.phase === 'finished' ? {} : { unfinished: withState(entry) }),
    copies,
    ...(notCompared.length === 0 ? {} : { notCompared }),
    notes: [
      ...adoption(
        applied.filter(
          (row) => !recorded.has(row.name) && !drift.some((one) => 'name' in one && one.name === row.name),
        ),
        source.name,
      ),
      ...reverted(
        rows.filter((row) => plan !== undefined && !applied.some(({ name }) => name === row.name)),
        source.name,
      ),
      ...weakness(applied),
      ...((await source.notes?.(main)) ?? []),
    ],
  };
}

function withState(entry: JournalEntry): NonNullable<Status['unfinished']> {
  const goingOn = isGoingOn(entry);
  return { ...entry, ...(goingOn === undefined ? {} : { goingOn }) };
}

/** One file that cannot be read must not hide where the database stands. */
async function planned(
  setup: Setup,
  session: Session,
): Promise<{ readonly plan?: Plan; readonly problem?: ErrorReport }> {
  try {
    return { plan: await makePlan(setup, session, 'up', {}) };
  } catch (error) {
    if (!isForerunError(error, 'BAD_MIGRATION')) throw error;
    const { code, message, next } = error;
    return { problem: { code, message, ...(next === undefined ? {} : { next }) } };
  }
}

async function countCopies({ provider, main }: Setup): Promise<Status['copies']> {
  const copies = await provider.list(main);
  const ready = copies.filter((copy) => copy.state === 'ready');
  const checkpoints = ready.filter((copy) => copy.kind === 'checkpoint').length;
  return { checkpoints, branches: ready.length - checkpoints, leftovers: copies.length - ready.length };
}

function adoption(rows: readonly HistoryRow[], source: string): string[] {
  if (rows.length === 0) return [];
  const subject = rows.length === 1 ? '1 migration stands' : `${rows.length} migrations stand`;
  return [
    `${subject} in the record of ${source} alone: ${namesOf(rows)}. The next run writes ${rows.length === 1 ? 'it' : 'them'} into the history.`,
  ];
}

function reverted(rows: readonly HistoryRow[], source: string): string[] {
  if (rows.length === 0) return [];
  return [`The record of ${source} has ${namesOf(rows)} no more; the next run removes that from the history, too.`];
}

/** The checksum of a function without a file covers its own source text, not what it imports. */
function weakness(rows: readonly HistoryRow[]): string[] {
  const weak = rows.filter((row) => row.checksum.startsWith('sha256-function:'));
  if (weak.length === 0) return [];
  return [`Of ${namesOf(weak)} only the function's own text is checked for changes, not what it imports.`];
}

function namesOf(rows: readonly HistoryRow[]): string {
  return rows.map((row) => row.name).join(', ');
}
