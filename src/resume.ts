import { ForerunError } from './error.ts';
import type { Run } from './run-log.ts';
import type { JournalEntry } from './seams/records.ts';
import type { Direction } from './seams/source.ts';
import { shellWord } from './shell-word.ts';

/**
 * Finds out where a run that ended in the middle of a journalled migration left main, takes away what was half made, and
 * has this run go on from there. Throws `NEEDS_PERSON` where nobody can tell.
 */
export async function resume(run: Run, died: JournalEntry): Promise<void> {
  const { driver, main, source } = run.setup;
  const { migration: name, stretch, direction = 'up' } = died;
  if (name === undefined) return;
  const now = (await source.migrations()).find((migration) => migration.name === name);
  if (died.differs === true)
    throw inTheMiddle(
      name,
      direction,
      "it ran to its end, and main's schema did not become what the rehearsal's became",
    );
  if (now?.continues === true && now.checksum === died.checksum) {
    run.middle = { migration: name, checksum: now.checksum, direction };
    run.note(
      'recovery',
      'An earlier run ended in its middle; it is rehearsed anew from where main is, and goes on.',
      name,
    );
    return;
  }
  if (now === undefined && died.children !== undefined) throw ofAnother(name);
  if (stretch === undefined) throw inTheMiddle(name, direction, 'how much of it is on main only a person can tell');
  let done = stretch.done ? stretch.index : stretch.index - 1;
  if (!stretch.done && stretch.alone) {
    const state = (await driver.settle?.(main, stretch)) ?? 'unknown';
    if (state === 'unknown') {
      throw inTheMiddle(name, direction, `whether this is on main only a person can tell: ${stretch.sql}`);
    }
    if (state === 'done') done = stretch.index;
  }
  if (done === 0) return;
  if (now === undefined || now.checksum !== died.checksum) {
    throw inTheMiddle(name, direction, `its file was changed since, and what runs on from there is not what was begun`);
  }
  run.middle = { migration: name, checksum: now.checksum, direction, stretch: { ...stretch, index: done } };
  const back = direction === 'down' ? 'The way back from ' : '';
  run.note(
    'recovery',
    `${back}${name} is on main up to part ${done} of ${stretch.of}; this run goes on from there.`,
    name,
  );
}

/** Its name is what was typed. */
function ofAnother(name: string): ForerunError<'NEEDS_PERSON'> {
  return new ForerunError(
    'NEEDS_PERSON',
    `A run of "${name}" ended in its middle on main, and this run is of something else.`,
    {
      details: { migration: name },
      next: `Let it go on from where it is, first: forerun up --safe -- ${name}`,
    },
  );
}

function inTheMiddle(name: string, direction: Direction, why: string): ForerunError<'NEEDS_PERSON'> {
  const word = shellWord(name);
  const choices =
    direction === 'up'
      ? `Complete the migration by hand, and mark it as applied with: forerun baseline ${word}; or undo what is there of it, and say so with: forerun repair ${word} --reason <text>`
      : `Undo by hand what its down has done, and say so with: forerun repair ${word} --reason <text>; then go back again with: forerun down --safe`;
  return new ForerunError(
    'NEEDS_PERSON',
    `A run ended in the middle of ${direction === 'up' ? '' : 'the way back from '}${name}: ${why}.`,
    { details: { migration: name }, next: `Look at main. ${choices}` },
  );
}
