import { ForerunError } from '../error.ts';
import type { Middle, Run } from '../run-log.ts';
import type { Session } from '../seams/driver.ts';
import type { JournalEntry } from '../seams/records.ts';
import type { Attempt } from '../seams/source.ts';

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
  { migration, checksum, direction }: Middle,
  checkpoint: string | undefined,
  stretch?: JournalEntry['stretch'],
): JournalEntry {
  return {
    ...journalRow(run, 'journalled', migration, checkpoint),
    checksum,
    ...(direction === 'down' ? { direction } : {}),
    ...(stretch === undefined ? {} : { stretch }),
  };
}

/**
 * Says in main's journal that this run works on it. The epoch is one above that of whoever came before. Throws `LOCK_LOST`
 * where that is another one than this run found when it began: then what it has planned may be done already.
 */
export async function claimMain(run: Run): Promise<void> {
  const found = run.epoch;
  const claim = async (session: Session, identity: string): Promise<void> => {
    const before = await run.setup.driver.journal(session).read(identity);
    if ((before?.epoch ?? 0) !== found) throw lost(run, before);
    run.earlier = runsUpTo(before);
    const { middle } = run;
    const epoch = found + 1;
    // Where a migration is in the middle, that must be known to the next run, too.
    const row = middle === undefined ? journalRow(run, 'started') : middleRow(run, middle);
    await run.setup.driver.journal(session).write(identity, { ...row, epoch });
  };
  // Nothing is begun yet that an interruption could cut.
  await onJournal(run, claim, run.signal);
  run.epoch = found + 1;
}

/** From here on a run that was taken for dead, and has only lost its lock, gets no transaction of its own past its check. */
export async function takeOver(run: Run, died: JournalEntry): Promise<void> {
  const epoch = died.epoch + 1;
  const take = async (session: Session, identity: string): Promise<void> => {
    const before = await run.setup.driver.journal(session).read(identity);
    if (before?.run !== died.run || before.epoch !== died.epoch) throw lost(run, before);
    await run.setup.driver.journal(session).write(identity, { ...before, epoch });
  };
  await onJournal(run, take, run.signal);
  run.epoch = epoch;
}

/** The run of an entry, behind those before it. */
export function runsUpTo(entry: JournalEntry | undefined): readonly string[] {
  return entry === undefined ? [] : [...(entry.earlier ?? []), entry.run];
}

function middleRow(run: Run, middle: Middle): JournalEntry {
  return journalledRow(run, middle, undefined, middle.stretch && { ...middle.stretch, done: true });
}

/** Says that nothing of this run is left to do. `signal` ends the waiting for a main that is locked. */
export async function releaseMain(run: Run, signal?: AbortSignal): Promise<void> {
  await writeJournal(run, journalRow(run, 'finished'), signal);
}

/**
 * First act of every transaction on main: a run that lost its lock to a successor must not go on beside it. Answers what
 * the journal says.
 */
export async function checkClaim(run: Run, session: Session, identity: string): Promise<JournalEntry> {
  const entry = await run.setup.driver.journal(session).read(identity);
  if (entry?.run === run.id && entry.epoch === run.epoch) return entry;
  throw lost(run, entry);
}

function lost(run: Run, entry: JournalEntry | undefined): ForerunError<'LOCK_LOST'> {
  const other = entry === undefined || entry.run === run.id ? 'Another run' : `Run ${entry.run}`;
  return new ForerunError('LOCK_LOST', `${other} took over main while run ${run.id} went on.`, {
    details: { run: entry?.run ?? '' },
    next: 'See what that run did with: forerun status',
  });
}

export async function readJournal(run: Run): Promise<JournalEntry | undefined> {
  const { driver, main } = run.setup;
  await using connection = await driver.open(main);
  return await driver.journal(connection).read(await driver.identity(main));
}

/** Only while main is this run's. */
export async function writeJournal(run: Run, entry: JournalEntry, signal?: AbortSignal): Promise<void> {
  const write = async (session: Session, identity: string): Promise<void> => {
    await checkClaim(run, session, identity);
    await run.setup.driver.journal(session).write(identity, entry);
  };
  await onJournal(run, write, signal);
}

async function onJournal(
  run: Run,
  act: (session: Session, identity: string) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  const { driver, main } = run.setup;
  const identity = await driver.identity(main);
  const attempt = { ...ownWork(run), ...(signal && { signal }) };
  await driver.transaction(main, attempt, (session) => act(session, identity));
}

/**
 * An attempt for transactions of our own: short, not to be cut off by an interruption, and with no effect but on the
 * database. `run` says what it waits for.
 */
export function ownWork(run?: Run): Attempt {
  const signal = new AbortController().signal;
  return {
    alone: false,
    repeatable: true,
    signal,
    afterBegin: async () => {},
    beforeCommit: async () => {},
    ...(run === undefined ? {} : { waiting: run.tell }),
    note: () => {},
  };
}
