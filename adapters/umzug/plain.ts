import type { InputMigrations, MigrationParams, RunnableMigration } from 'umzug';
import { isForerunError } from '../../src/error.ts';
import { halfDone } from '../../src/promotion/outcome.ts';
import type { Attempt, Direction } from '../../src/seams/source.ts';
import { applyHere } from './apply.ts';
import { describeAll } from './list.ts';
import type { Project } from './project.ts';
import { runnableMigrations } from './runnable.ts';

/**
 * The migrations for Umzug's own commands, which rehearse nothing. One whose context uses our connection runs in one
 * transaction with its history row; of any other the row is written right after.
 */
export function plainMigrations<Context extends object>(project: Project<Context>): InputMigrations<Context> {
  return async (context) => {
    const migrations = await runnableMigrations(project.umzug, context);
    return migrations.map((migration) => ({
      ...migration,
      up: (params) => apply(project, migrations, migration, 'up', params),
      ...(migration.down === undefined
        ? {}
        : { down: (params) => apply(project, migrations, migration, 'down', params) }),
    }));
  };
}

async function apply<Context extends object>(
  project: Project<Context>,
  migrations: readonly RunnableMigration<Context>[],
  migration: RunnableMigration<Context>,
  direction: Direction,
  params: MigrationParams<Context>,
): Promise<void> {
  // First, so that a crash leaves no name in the record that the history lacks; that would be adopted.
  if (direction === 'down') await project.record?.unlogMigration(params);
  if (project.contexts.kind !== 'shared') {
    await migration[direction]?.(params);
    return;
  }
  const setup = await project.setup();
  const attempt = await recording(project, migrations, migration.name, direction);
  try {
    await applyHere(project, setup.main, attempt, migration.name, direction);
  } catch (error) {
    // What it did until it ended our transaction is on main.
    if (isForerunError(error, 'TRANSACTION_ESCAPED')) throw halfDone({ setup }, migration, error);
    throw error;
  }
}

/** Writes or removes the history row as the last step of the migration's transaction. */
async function recording<Context extends object>(
  project: Project<Context>,
  migrations: readonly RunnableMigration<Context>[],
  name: string,
  direction: Direction,
): Promise<Attempt> {
  const { driver } = await project.setup();
  return {
    alone: false,
    signal: new AbortController().signal,
    afterBegin: async () => {},
    async beforeCommit(session) {
      const history = driver.history(session);
      if (direction === 'down') return history.remove(name);
      const found = describeAll(migrations).find((migration) => migration.name === name);
      if (found === undefined) return;
      const { version, checksum, text } = found;
      await history.record({ version, name, appliedOn: new Date().toISOString(), checksum }, text);
    },
    note: () => {},
  };
}
