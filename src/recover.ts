import { endChildren } from './children.ts';
import { resume } from './resume.ts';
import type { Run } from './run-log.ts';
import { readJournal, takeOver } from './promotion/claim.ts';
import type { JournalEntry } from './seams/records.ts';
import type { ListedCopy } from './seams/provider.ts';
import { isGoingOn } from './unfinished.ts';

/**
 * Cleans up after a run that died. What of it still runs on a server is ended first. A transaction that it had open was
 * rolled back by the database, so main is at the state before or after a migration and its history says which, but where
 * the journal says that one was in the middle; what is left to do is to throw its copies away. Answers whether there was
 * such a run, of which main's journal still speaks.
 */
export async function recover(run: Run): Promise<boolean> {
  const { driver, provider, main } = run.setup;
  const entry = await readJournal(run);
  run.epoch = entry?.epoch ?? 0;
  const died = entry !== undefined && entry.phase !== 'finished' ? entry : undefined;
  if (died !== undefined) {
    await endChildren(died);
    await driver.endSessions?.(main, died.run);
    await takeOver(run, died);
    // Where it lives after all, it may have begun anew meanwhile.
    await driver.endSessions?.(main, died.run);
  }
  if (died?.phase === 'journalled') await resume(run, died);
  const leftovers = (await provider.list(main)).filter((copy) => copy.state === 'leftover' || isUnused(copy, died));
  for (const copy of leftovers) await provider.discard(copy);
  if (died !== undefined) {
    run.note(
      'recovery',
      `Run ${died.run} (process ${died.pid} on ${died.host}) ended ${endOf(died)} without cleaning up; its leftovers are gone.`,
    );
  } else if (leftovers.length > 0) {
    run.note(
      'recovery',
      `Discarded ${leftovers.length} leftover ${leftovers.length === 1 ? 'copy' : 'copies'} of a process that died.`,
    );
  }
  return died !== undefined;
}

/** What became of a migration that was in the middle is said where it is found out. */
function endOf({ phase, migration = 'its batch' }: JournalEntry): string {
  if (phase === 'started') return 'before it promoted anything';
  return phase === 'journalled' ? `in the middle of ${migration}` : `after promoting ${migration}, with main whole,`;
}

/** For those who look and do not touch: says that a run has not finished, because it goes on or because it died. */
export async function tellUnfinished(run: Run): Promise<void> {
  const entry = await readJournal(run);
  if (entry === undefined || entry.phase === 'finished') return;
  const goingOn = isGoingOn(entry);
  const state =
    goingOn === true
      ? 'has not finished: it goes on'
      : goingOn === false
        ? 'died before it finished; the next "forerun up" cleans up'
        : 'has not finished; if it died, the next "forerun up" cleans up';
  run.note('recovery', `Run ${entry.run} (process ${entry.pid} on ${entry.host}) ${state}.`);
}

/** Branches of the dead run, and its checkpoints where it promoted nothing; else they are the way back. */
function isUnused(copy: ListedCopy, died: JournalEntry | undefined): boolean {
  return died !== undefined && copy.run === died.run && (copy.kind === 'branch' || died.phase === 'started');
}
