import { applierOf, recordHistory } from '../rehearsal/apply.ts';
import type { Ending, Run } from '../run-log.ts';
import { describeOf, schemaHistory } from '../schema-history.ts';
import type { Watch } from '../seams/driver.ts';
import type { Attempt, Direction, Migration } from '../seams/source.ts';
import { throughUmzug } from '../through-umzug.ts';
import { halfDone, rolledBack } from './outcome.ts';

/**
 * `up` and `down` without `--safe`: each migration in its own transaction with its history row, nothing rehearsed. One
 * that cannot run in a transaction of ours, and fails, may leave a part of itself on main: that is never called undone.
 */
export async function applyDirectly(run: Run, migrations: readonly Migration[], direction: Direction): Promise<Ending> {
  const { driver, main, source } = run.setup;
  const storage = schemaHistory({ driver, target: main, describe: describeOf(migrations) });
  let promoted = 0;
  let current: Migration | undefined;
  try {
    await throughUmzug(migrations, storage, direction, async (migration) => {
      current = migration;
      await source.promoting?.(migration, direction, false);
      const start = performance.now();
      run.emit({ type: 'promoting', migration: migration.name, how: null });
      await applyToMain(run, migration, direction);
      run.emit({ type: 'promoted', migration: migration.name, how: null, direction, ms: performance.now() - start });
      promoted += 1;
      current = undefined;
      await source.promoted?.(migration, direction);
    });
    return 'promoted';
  } catch (error) {
    if (current === undefined) throw error;
    return rolledBack(run, current, error, promoted);
  }
}

async function applyToMain(run: Run, migration: Migration, direction: Direction): Promise<void> {
  const { driver, main } = run.setup;
  await using watch = await driver.watch?.(main);
  const told = newAttempt(run, migration, direction);
  try {
    await applierOf(migration, direction)(main, told.attempt);
  } catch (error) {
    if (told.unprotected() && (await mayHaveChanged(watch))) throw halfDone(run, migration, error);
    throw error;
  }
}

/** Tells whether the migration has begun to run, and that in no transaction of ours. */
function newAttempt(
  run: Run,
  migration: Migration,
  direction: Direction,
): { readonly attempt: Attempt; unprotected(): boolean } {
  let begun = false;
  let unprotected = false;
  return {
    unprotected: () => unprotected || (!begun && migration.language === 'code'),
    attempt: {
      alone: false,
      run: run.id,
      signal: run.signal,
      async afterBegin() {
        begun = true;
      },
      beforeCommit: (session) => recordHistory(run, session, migration, direction),
      statement() {
        if (begun || unprotected) return;
        unprotected = true;
        run.emit({ type: 'unprotected', migration: migration.name });
      },
      waiting: run.tell,
      note: (message) => run.note('apply', message, migration.name),
    },
  };
}

/** A main that cannot be read any more is not as it was either. */
async function mayHaveChanged(watch: Watch | undefined): Promise<boolean> {
  if (watch === undefined) return true;
  return watch.moved().catch(() => true);
}
