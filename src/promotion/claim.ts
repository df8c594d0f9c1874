import { ForerunError } from '../error.ts';
import type { Middle, Run } from '../run-log.ts';
import type { JournalEntry, Session } from '../seams/driver.ts';
import type { Attempt, Migration } from '../seams/source.ts';

/** What the journal says of this run at this moment. */
export function journalRow(
  run: Run,
  phase: JournalEntry['phase'],
  migration?: string,
  checkpoint?: string,
): JournalEntry {
  return {
    run: run.id,
    epoch: run.epoch,
    host: run.host,
    pid: process.pid,
    phase,
    ...(migration === undefined ? {} : { migration }),
    ...(checkpoint === undefined ? {} : { checkpoint }),
    ...(run.earlier.length > 0 ? { earlier: run.earlier } : {}),
    at: new Date().toISOString(),
  };
}

/** What the journal says while a migration is in the middle that shares no transaction with its history row. */
export function journalledRow(
  run: Run,
  { name, checksum }: Pick<Migration, 'name' | 'checksum'>,
  checkpoint: string | undefined,
  stretch?: JournalEntry['stretch'],
): JournalEntry {
  return {
    ...journalRow(run, 'journalled', name, checkpoint),
    checksum,
    ...(stretch === undefined ? {} : { stretch }),
  };
}

/** Says in main's journal that this run works on it. The epoch is one above that of whoever came before. */
export async function claimMain(run: Run): Promise<void> {
  const before = await readJournal(run);
  run.epoch = (before?.epoch ?? 0) + 1;
  run.earlier = runsUpTo(before);
  const { middle } = run;
  // Where a migration is in the middle, that must be known to the next run, too.
  await writeJournal(run, middle === undefined ? journalRow(run, 'started') : middleRow(run, middle));
}

/** The run of an entry, behind those before it. */
export function runsUpTo(entry: JournalEntry | undefined): readonly string[] {
  return entry === undefined ? [] : [...(entry.earlier ?? []), entry.run];
}

function middleRow(run: Run, { migration, checksum, stretch }: Middle): JournalEntry {
  return journalledRow(run, { name: migration, checksum }, undefined, stretch && { ...stretch, done: true });
}

/** Says that nothing of this run is left to do. */
export async function releaseMain(run: Run): Promise<void> {
  await writeJournal(run, journalRow(run, 'finished'));
}

/** First act of every transaction on main: a run that lost its lock to a successor must not go on beside it. */
export async function checkClaim(run: Run, session: Session, identity: string): Promise<void> {
  const entry = await run.setup.driver.journal(session).read(identity);
  if (entry?.run === run.id && entry.epoch === run.epoch) return;
  throw new ForerunError('LOCK_LOST', `Run ${entry?.run ?? 'unknown'} took over main while run ${run.id} went on.`, {
    details: { run: entry?.run ?? '' },
    next: 'See what that run did with: forerun status',
  });
}

export async function readJournal(run: Run): Promise<JournalEntry | undefined> {
  const { driver, main } = run.setup;
  await using connection = await driver.open(main);
  return await driver.journal(connection).read(await driver.identity(main));
}

export async function writeJournal(run: Run, entry: JournalEntry): Promise<void> {
  const { driver, main } = run.setup;
  const identity = await driver.identity(main);
  await driver.transaction(main, ownWork(run), async (session) => {
    await driver.journal(session).write(identity, entry);
  });
}

/** An attempt for transactions of our own: short, and not to be cut off by an interruption. `run` says what it waits for. */
export function ownWork(run?: Run): Attempt {
  const signal = new AbortController().signal;
  return {
    alone: false,
    signal,
    afterBegin: async () => {},
    beforeCommit: async () => {},
    ...(run === undefined ? {} : { waiting: run.tell }),
    note: () => {},
  };
}
