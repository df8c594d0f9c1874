import { ForerunError } from './error.ts';
import type { Run } from './run-log.ts';
import type { JournalEntry } from './seams/driver.ts';
import { shellWord } from './shell-word.ts';

/**
 * Finds out where a run that ended in the middle of a journalled migration left main, takes away what was half made, and
 * has this run go on from there. Throws `NEEDS_PERSON` where nobody can tell.
 */
export async function resume(run: Run, died: JournalEntry): Promise<void> {
  const { driver, main, source } = run.setup;
  const { migration: name, stretch } = died;
  if (name === undefined || (await isRecorded(run, name))) return;
  if (stretch === undefined) throw inTheMiddle(name, 'how much of it is on main only a person can tell');
  let done = stretch.done ? stretch.index : stretch.index - 1;
  if (!stretch.done && stretch.alone) {
    const state = (await driver.settle?.(main, stretch)) ?? 'unknown';
    if (state === 'unknown') throw inTheMiddle(name, `whether this is on main only a person can tell: ${stretch.sql}`);
    if (state === 'done') done = stretch.index;
  }
  if (done === 0) return;
  const now = (await source.migrations()).find((migration) => migration.name === name);
  if (now === undefined || now.checksum !== died.checksum) {
    throw inTheMiddle(name, `its file was changed since, and what runs on from there is not what was begun`);
  }
  run.middle = { migration: name, checksum: now.checksum, stretch: { ...stretch, index: done } };
  run.note('recovery', `${name} is on main up to part ${done} of ${stretch.of}; this run goes on from there.`, name);
}

async function isRecorded({ setup }: Run, name: string): Promise<boolean> {
  await using connection = await setup.driver.open(setup.main);
  return (await setup.driver.history(connection).row(name)) !== undefined;
}

function inTheMiddle(name: string, why: string): ForerunError<'NEEDS_PERSON'> {
  return new ForerunError('NEEDS_PERSON', `A run ended in the middle of ${name}: ${why}.`, {
    details: { migration: name },
    next: `Look at main. Complete the migration by hand, and mark it as applied with: forerun baseline ${shellWord(name)}; or undo what is there of it, and say so with: forerun repair ${shellWord(name)} --reason <text>`,
  });
}
