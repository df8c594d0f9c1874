import { isForerunError } from '../error.ts';
import type { Run } from '../run-log.ts';
import type { Watch } from '../seams/driver.ts';
import type { JournalEntry } from '../seams/records.ts';
import type { Stretch } from '../seams/source.ts';
import { checkClaim, journalledRow, journalRow, writeJournal } from './claim.ts';
import type { Journalling } from './journalled.ts';
import { halfDone } from './outcome.ts';
import { expectSchema } from './replay.ts';
import { takeBack, type Begun } from './take-back.ts';

/** How a journalled migration failed on main. */
export interface Failure {
  /** The stretches that this run has begun. */
  readonly begun: readonly Begun[];
  /** Open since before the first of them. */
  readonly watch: Watch | undefined;
  readonly error: unknown;
}

/**
 * Takes back what can be taken back, and answers what is to be thrown: what it failed with, where main is as it was, or
 * that a person is needed, with the place where main is. Until that is known the journal is not let go of.
 */
export async function backOut(run: Run, work: Journalling, failure: Failure): Promise<unknown> {
  const { checkpoint } = work;
  const { migration } = work.step;
  const resumed = run.middle;
  run.middle = resumed ?? work.middle;
  const inDoubt = run.inDoubt;
  run.inDoubt = true;
  let entry: JournalEntry;
  try {
    // What the journal says shares a transaction with the stretch that it says it of.
    entry = await claimed(run, work);
    const last = entry.stretch;
    const reached =
      last === undefined ? failure.begun : [...failure.begun.filter(({ index }) => index < last.index), last];
    if (resumed === undefined && (await isBack(run, work, { ...failure, begun: reached }))) {
      await writeJournal(run, journalRow(run, 'promoting', migration.name, checkpoint));
      run.middle = undefined;
      run.inDoubt = inDoubt;
      return failure.error;
    }
    entry = await claimed(run, work);
  } catch (error) {
    if (isForerunError(error, 'LOCK_LOST')) return error;
    return halfDone(run, migration, failure.error, 'unasked');
  }
  const stretch = standing(failure.begun, entry) ?? resumed?.stretch;
  run.middle = { ...run.middle, ...(stretch && { stretch }) };
  return halfDone(run, migration, failure.error, stretch);
}

async function claimed(run: Run, { identity }: Journalling): Promise<JournalEntry> {
  await using connection = await run.setup.driver.open(run.setup.main);
  return await checkClaim(run, connection, identity);
}

/** Whether main is as it was before the migration, or could be brought back there. */
async function isBack(run: Run, { step, checkpoint, middle }: Journalling, failure: Failure): Promise<boolean> {
  const { begun, watch, error } = failure;
  if (begun.length === 0) {
    // Code says nothing of what it does: only a main that nobody wrote is surely as it was.
    return step.migration.language === 'sql' || (watch !== undefined && !(await watch.moved().catch(() => true)));
  }
  const failed = isForerunError(error, 'STATEMENT_FAILED') || isForerunError(error, 'LOCKED');
  const journal = (stretch: Begun): Promise<void> => writeJournal(run, journalledRow(run, middle, checkpoint, stretch));
  if (!(await takeBack(run, begun, failed, journal))) return false;
  const { driver, main } = run.setup;
  await using connection = await driver.open(main);
  return await expectSchema(run, connection, step.before, '').then(
    () => true,
    () => false,
  );
}

/** The last stretch that is on main for certain. */
function standing(begun: readonly Begun[], { stretch }: JournalEntry): Stretch | undefined {
  const last = stretch === undefined ? 0 : stretch.done ? stretch.index : stretch.index - 1;
  return begun.findLast(({ index }) => index <= last);
}
