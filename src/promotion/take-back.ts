import type { Run } from '../run-log.ts';
import type { Stretch } from '../seams/source.ts';

/** A stretch that was begun, and whether it is on main. */
export type Begun = Stretch & { readonly done: boolean };

/**
 * Takes back the stretches that are on main, the last one first, each by its exact inverse. Ends, and answers false, at the
 * first that has none, or of which nobody can tell what became of it.
 */
export async function takeBack(run: Run, begun: readonly Begun[]): Promise<boolean> {
  const { driver, main } = run.setup;
  for (const stretch of begun.toReversed()) {
    if (!stretch.done) {
      // A transaction that failed was rolled back by the database.
      const state = stretch.alone ? ((await driver.settle?.(main, stretch)) ?? 'unknown') : 'not-done';
      if (state === 'unknown') return false;
      if (state === 'not-done') continue;
    }
    if (!((await driver.undo?.(main, stretch)) ?? false)) return false;
    run.note('promotion', `Taken back on main: ${firstLine(stretch.sql)}`);
  }
  return true;
}

function firstLine(sql: string): string {
  const [line = ''] = sql.split('\n', 1);
  return line;
}
