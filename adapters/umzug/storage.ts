import { existsSync } from 'node:fs';
import type { MigrationParams, Umzug, UmzugStorage } from 'umzug';
import { schemaHistory, type HistoryStorage } from '../../src/schema-history.ts';
import { umzugPackage } from '../../src/umzug-package.ts';
import { describeAll } from './list.ts';
import { usingMain, type Project } from './project.ts';

/**
 * The record of what was applied that a project brings along: the storage that it names, else the file that Umzug keeps
 * by default, where that exists.
 */
export function recordOf<Context extends object>(umzug: Umzug<Context>): UmzugStorage<Context> | undefined {
  if (umzug.options.storage !== undefined) return umzug.options.storage;
  const { JSONStorage } = umzugPackage();
  const file = new JSONStorage();
  return existsSync(file.path) ? file : undefined;
}

/**
 * What Umzug's own commands read and write: `_schema_history`, and the user's record beside it. The record never holds a
 * name that the history lacks, save what was applied without Forerun: that is what adoption goes by.
 */
export function bothRecords<Context extends object>(project: Project<Context>): UmzugStorage<Context> {
  const { record } = project;
  return {
    async logMigration(params) {
      await (await historyOf(project, params.context)).logMigration(params);
      await logMissing(project, [params], params.context);
    },
    async unlogMigration(params) {
      await record?.unlogMigration(params);
      await (await historyOf(project, params.context)).unlogMigration(params);
    },
    executed: async (meta) => record?.executed(meta) ?? (await historyOf(project, meta.context)).executed(),
  };
}

/** Logs in the user's record what is not there yet. */
export async function logMissing<Context extends object>(
  { record }: Project<Context>,
  applied: readonly MigrationParams<Context>[],
  context: Context,
): Promise<void> {
  if (record === undefined || applied.length === 0) return;
  const known = new Set(await record.executed({ context }));
  for (const params of applied) {
    if (!known.has(params.name)) await record.logMigration(params);
  }
}

/**
 * Takes out of the user's record what a rollback took back. Only names of migrations that are there to be applied again:
 * whatever else the record holds is not ours.
 */
export async function unlogTakenBack<Context extends object>(
  { record, umzug }: Project<Context>,
  applied: readonly string[],
  context: Context,
): Promise<void> {
  if (record === undefined) return;
  const listed = new Set((await umzug.migrations(context)).map((migration) => migration.name));
  for (const name of await record.executed({ context })) {
    if (listed.has(name) && !applied.includes(name)) await record.unlogMigration({ name, context });
  }
}

/** Brings the user's record in line with the history; the start of every command, because a crash may have come between. */
export async function reconcileRecord<Context extends object>(project: Project<Context>): Promise<void> {
  if (project.record === undefined) return;
  await usingMain(project, async (context) => {
    const applied = await (await historyOf(project, context)).executed();
    await unlogRolledBack(project, applied, context);
    await logMissing(
      project,
      applied.map((name) => ({ name, context })),
      context,
    );
  });
}

/** Takes out of the user's record what main's journal says was taken back by a rollback that did not know the record. */
async function unlogRolledBack<Context extends object>(
  { record, setup }: Project<Context>,
  applied: readonly string[],
  context: Context,
): Promise<void> {
  const { driver, main } = await setup();
  await using connection = await driver.open(main);
  const takenBack = (await driver.journal(connection).read(await driver.identity(main)))?.takenBack ?? [];
  if (record === undefined || takenBack.length === 0) return;
  for (const name of await record.executed({ context })) {
    if (takenBack.includes(name) && !applied.includes(name)) await record.unlogMigration({ name, context });
  }
}

async function historyOf<Context extends object>(project: Project<Context>, context: Context): Promise<HistoryStorage> {
  const { driver, main } = await project.setup();
  return schemaHistory({
    driver,
    target: main,
    async describe({ name }) {
      const found = describeAll(await project.umzug.migrations(context)).find((migration) => migration.name === name);
      if (found === undefined) throw new TypeError(`Umzug logged ${name} and does not list it`);
      return found;
    },
  });
}
