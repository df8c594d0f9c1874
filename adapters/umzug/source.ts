import type { MigrationParams } from 'umzug';
import type { Direction, Migration, Source } from '../../src/seams/source.ts';
import { applyMigration } from './apply.ts';
import { endIdleChildren } from '../children/children.ts';
import { describeAll } from './list.ts';
import { metaOf, usingMain, type MigrationEvent, type Project } from './project.ts';
import { logMissing, unlogTakenBack } from './storage.ts';

/** Lists the migrations of an Umzug, keeps its own record true, and tells its listeners of what is promoted. */
export function umzugSource<Context extends object>(project: Project<Context>): Source {
  const begun = new Map<string, number>();
  return {
    name: 'umzug',
    migrations: () => usingMain(project, (context) => list(project, context)),
    ...recordOf(project),
    async promoting(migration, direction) {
      endIdleChildren();
      begun.set(migration.name, performance.now());
      const event = direction === 'up' ? 'migrating' : 'reverting';
      project.umzug.options.logger?.info({ event, name: migration.name });
      if (!needsContext(project, event)) return;
      await usingMain(project, async (context) => {
        const params = { ...metaOf(project, migration.name), context };
        await tell(project, event, params);
        // Before, not after: a crash in between must not leave a name in the record that the history has no row of, for
        // such a name is adopted. One that is in the history and not in the record is put back.
        if (direction === 'down') await project.record?.unlogMigration(params);
      });
    },
    async promoted(migration, direction) {
      const durationSeconds = Math.round(performance.now() - (begun.get(migration.name) ?? 0)) / 1000;
      const event = direction === 'up' ? 'migrated' : 'reverted';
      project.umzug.options.logger?.info({ event, name: migration.name, durationSeconds });
      if (!needsContext(project, event)) return;
      await usingMain(project, async (context) => {
        const params = { ...metaOf(project, migration.name), context };
        if (direction === 'up') await logMissing(project, [params], context);
        await tell(project, event, params);
      });
    },
  };
}

async function list<Context extends object>(
  project: Project<Context>,
  context: Context,
): Promise<readonly Migration[]> {
  const migrations = await project.umzug.migrations(context);
  for (const { name, path } of migrations) if (path !== undefined) project.paths.set(name, path);
  return describeAll(migrations).map(({ hasDown, ...migration }) => {
    const apply =
      (direction: Direction): Migration['up'] =>
      (target, attempt) =>
        applyMigration(project, target, attempt, migration, direction);
    return { ...migration, language: 'code', up: apply('up'), ...(hasDown ? { down: apply('down') } : {}) };
  });
}

/** The record that the user brought; `_schema_history` needs no such care. */
function recordOf<Context extends object>(project: Project<Context>): Pick<Source, 'recorded' | 'reconcile'> {
  const { record } = project;
  if (record === undefined) return {};
  return {
    recorded: () => usingMain(project, (context) => record.executed({ context })),
    reconcile: (_main, applied) =>
      usingMain(project, async (context) => {
        await logMissing(
          project,
          applied.map((name) => ({ name, context })),
          context,
        );
        await unlogTakenBack(project, applied, context);
      }),
  };
}

/** Making a context for main costs a connection. */
function needsContext<Context extends object>({ record, isHeard }: Project<Context>, event: MigrationEvent): boolean {
  return record !== undefined || isHeard(event);
}

/** A listener's throw stops the promotion, and `up` rejects with that very error. */
async function tell<Context extends object>(
  project: Project<Context>,
  event: MigrationEvent,
  params: MigrationParams<Context>,
): Promise<void> {
  try {
    await project.emit(event, params);
  } catch (error) {
    project.thrown = { error };
    throw error;
  }
}
