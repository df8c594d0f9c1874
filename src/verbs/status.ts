import type { Drift } from '../plan.ts';
import { makePlan } from '../planned.ts';
import type { HistoryRow, JournalEntry } from '../seams/driver.ts';
import type { Setup } from '../setup.ts';

/** How a database stands to its migrations. */
export interface Status {
  /** Address without a password. */
  readonly database: string;
  readonly applied: readonly HistoryRow[];
  readonly pending: readonly { readonly version: string; readonly name: string }[];
  readonly drift: readonly Drift[];
  /** The journal of a run that has not said that it finished: it goes on at this moment, or it died. */
  readonly unfinished?: JournalEntry;
  readonly copies: { readonly checkpoints: number; readonly branches: number; readonly leftovers: number };
  /** What a person should know besides. */
  readonly notes: readonly string[];
}

/** Reads everything and writes nothing; what would be adopted is computed in memory. */
export async function status(setup: Setup): Promise<Status> {
  const { driver, main, source } = setup;
  await driver.examine(main);
  const plan = await makePlan(setup, 'up', {});
  await using connection = await driver.open(main);
  const entry = await driver.journal(connection).read(await driver.identity(main));
  const recorded = new Set((await driver.history(connection).rows()).map((row) => row.name));
  const adopted = plan.applied.filter((row) => !recorded.has(row.name));
  return {
    database: main.url,
    applied: plan.applied,
    pending: plan.pending.map(({ version, name }) => ({ version, name })),
    drift: plan.drift,
    ...(entry === undefined || entry.phase === 'finished' ? {} : { unfinished: entry }),
    copies: await countCopies(setup),
    notes: [...adoption(adopted, source.name), ...weakness(plan.applied)],
  };
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

/** The checksum of a function without a file covers its own source text, not what it imports. */
function weakness(rows: readonly HistoryRow[]): string[] {
  const weak = rows.filter((row) => row.checksum.startsWith('sha256-function:'));
  if (weak.length === 0) return [];
  return [`Of ${namesOf(weak)} only the function's own text is checked for changes, not what it imports.`];
}

function namesOf(rows: readonly HistoryRow[]): string {
  return rows.map((row) => row.name).join(', ');
}
