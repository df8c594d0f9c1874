import type { Driver, Session } from '../seams/driver.ts';
import type { JournalEntry } from '../seams/records.ts';

/**
 * A person says that main is no more in the middle of any of these migrations, in which a run ended: no later run goes on
 * from there, nor may that one, where it lives after all. Answers what the journal said of that run, where there was one.
 */
export async function leaveMiddle(
  driver: Driver,
  session: Session,
  identity: string,
  names: readonly string[],
): Promise<JournalEntry | undefined> {
  const journal = driver.journal(session);
  const entry = await journal.read(identity);
  if (entry?.phase !== 'journalled' || entry.migration === undefined || !names.includes(entry.migration)) {
    return undefined;
  }
  await journal.write(identity, { ...entry, phase: 'finished', epoch: entry.epoch + 1 });
  return entry;
}
