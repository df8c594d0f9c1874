import type { MigrationParams } from 'umzug';
import { ForerunError } from '../../src/error.ts';
import type { Attempt, Direction } from '../../src/seams/source.ts';
import type { Target } from '../../src/seams/target.ts';
import { rehearseInChild } from '../children/children.ts';
import { madeBy } from '../children/made.ts';
import type { ApplyHere } from '../children/protocol.ts';
import { tellable } from '../code/engine-error.ts';
import { located } from '../code/located.ts';
import { withoutTransaction } from '../code/without-transaction.ts';
import type { Project } from './project.ts';
import { refuseFixed, refuseLeftOpen } from './refusals.ts';
import { runnableMigrations } from './runnable.ts';

/** Applies one migration to main, or to a branch: in a child process where that is possible. */
export async function applyMigration<Context extends object>(
  project: Project<Context>,
  target: Target,
  attempt: Attempt,
  migration: { readonly name: string; readonly file?: string },
  direction: Direction,
): Promise<void> {
  const { main, driver, provider, databaseVariable } = await project.setup();
  try {
    if (target.url === main.url) await applyHere(project, target, attempt, migration.name, direction);
    else if (project.module !== undefined) {
      const made = madeBy('safeUmzug', project.module, project.place);
      const where = { ...made, main, driver, databaseVariable, target };
      await rehearseInChild(where, migration.name, direction, attempt);
    } else {
      refuseFixed(project);
      if (!rehearsedHere.has(target.url)) attempt.note(inThisProcess);
      rehearsedHere.add(target.url);
      await applyHere(project, target, attempt, migration.name, direction);
      if (project.contexts.kind === 'own' && provider.alone !== undefined) await refuseLeftOpen(driver, target);
    }
  } catch (error) {
    const { kind } = project.contexts;
    throw located(withoutTransaction(tellable(driver, error), kind === 'shared' ? inOurs : inItsOwn), migration.file);
  }
}

/** Applies one migration in a child process, whose errors are told in another one. */
export async function applyAsChild<Context extends object>(
  project: Project<Context>,
  ...how: Parameters<ApplyHere>
): Promise<void> {
  try {
    await applyHere(project, ...how);
  } catch (error) {
    const { driver } = await project.setup();
    throw tellable(driver, error);
  }
}

/** Applies one migration in this process. */
export async function applyHere<Context extends object>(
  project: Project<Context>,
  target: Target,
  attempt: Attempt,
  name: string,
  direction: Direction,
): Promise<void> {
  const { contexts, setup } = project;
  const run = (client: unknown): Promise<void> =>
    contexts.using(target, client, (context) => call(project, name, direction, context));
  if (contexts.kind !== 'shared') return run(undefined);
  const { driver } = await setup();
  await driver.transaction(target, attempt, (connection) => run(connection.client));
}

const inOurs =
  'It runs in a transaction of ours, because `context` of safeUmzug takes a connection. Have it open one of its own: context: (target) => …, with the address in target.variable.';

const inItsOwn = 'Run it outside the transaction that the migration has begun.';

const inThisProcess =
  'Rehearsed in this process, where a migration that ignores its context reaches main; with `module: import.meta.url` it is rehearsed in a child process that refuses to open main.';

/** Branches for which that was said. */
const rehearsedHere = new Set<string>();

/** The migrations are resolved anew, because a resolver may give them the context that it was called with. */
async function call<Context extends object>(
  { umzug }: Project<Context>,
  name: string,
  direction: Direction,
  context: Context,
): Promise<void> {
  const migration = (await runnableMigrations(umzug, context)).find((candidate) => candidate.name === name);
  if (migration === undefined) {
    throw new ForerunError('NOT_FOUND', `With the context of this database there is no migration "${name}".`, {
      details: { name },
    });
  }
  const params: MigrationParams<Context> = {
    name,
    ...(migration.path === undefined ? {} : { path: migration.path }),
    context,
  };
  await migration[direction]?.(params);
}
