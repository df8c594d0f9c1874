import type { Run } from '../run-log.ts';
import type { Stretch } from '../seams/source.ts';

/** A stretch that was begun, and whether it is on main. */
export type Begun = Stretch & { readonly done: boolean };

/**
 * Takes back the stretches that are on main, the last one first, each by its exact inverse. Answers false where one has
 * none, or where nobody can tell what became of it; then nothing is taken back that need not be. `failed`: the database has
 * said of the last one that it failed, so that what looks like its work is another's. `journal` is told before each what is
 * not surely there any more.
 */
export async function takeBack(
  run: Run,
  begun: readonly Begun[],
  failed: boolean,
  journal: (stretch: Begun) => Promise<void>,
): Promise<boolean> {
  const { driver, main } = run.setup;
  // An index that took hours is not dropped where that does not lead back.
  for (const stretch of begun) {
    if (stretch.done && !((await driver.undoable?.(stretch)) ?? false)) return false;
  }
  for (const stretch of begun.toReversed()) {
    if (!stretch.done) {
      // A transaction that failed was rolled back by the database.
      const state = stretch.alone ? ((await driver.settle?.(main, stretch)) ?? 'unknown') : 'not-done';
      if (state === 'unknown') return false;
      if (state === 'not-done' || failed) continue;
    }
    await journal({ ...stretch, done: false });
    if (!((await driver.undo?.(main, stretch)) ?? false)) return false;
    run.note('promotion', `Taken back on main: ${firstLine(stretch.sql)}`);
  }
  return true;
}

function firstLine(sql: string): string {
  const [line = ''] = sql.split('\n', 1);
  return line;
}
