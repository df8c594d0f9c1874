import { applierOf, recordHistory } from '../rehearsal/apply.ts';
import type { Ending, Run } from '../run-log.ts';
import { describeOf, schemaHistory } from '../schema-history.ts';
import type { Direction, Migration } from '../seams/source.ts';
import { throughUmzug } from '../through-umzug.ts';
import { rolledBack } from './outcome.ts';

/** `up` and `down` without `--safe`: each migration in its own transaction with its history row, nothing rehearsed. */
export async function applyDirectly(run: Run, migrations: readonly Migration[], direction: Direction): Promise<Ending> {
  const { driver, main, source } = run.setup;
  const storage = schemaHistory({ driver, target: main, describe: describeOf(migrations) });
  let promoted = 0;
  let current: Migration | undefined;
  try {
    await throughUmzug(migrations, storage, direction, async (migration) => {
      current = migration;
      await source.promoting?.(migration, direction);
      const start = performance.now();
      run.emit({ type: 'promoting', migration: migration.name, how: null });
      await applierOf(migration, direction)(main, {
        alone: false,
        signal: run.signal,
        afterBegin: async () => {},
        beforeCommit: (session) => recordHistory(run, session, migration, direction),
        waiting: run.waiting,
        note: (message) => run.note('apply', message, migration.name),
      });
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
