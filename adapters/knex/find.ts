import type { Driver } from '../../src/seams/driver.ts';
import type { Found } from '../children/protocol.ts';
import { tellable } from '../code/engine-error.ts';
import type { KnexConfig } from './config.ts';
import type { Engine } from './engine.ts';
import { projectOf, readProject, type KnexProject } from './project.ts';
import { runMigration } from './run.ts';

/** What a child process is told of a project. */
export type Sought =
  | { readonly root: string; readonly knexfile?: string; readonly environment?: string }
  /** A configuration without functions, and without its connection. */
  | { readonly root: string; readonly base: string; readonly config: KnexConfig };

/** Reads the project anew, in a process whose database variable points at a branch. */
export async function findApply(what: unknown): Promise<Found> {
  const sought = what as Sought;
  const project =
    'config' in sought
      ? projectOf('The knex instance', sought.base, sought.config)
      : await readProject(sought.root, sought);
  return applying(project, await driverFor(project.engine, sought.root));
}

/** Applies migrations in a process whose errors are told in another one. */
export function applying(project: KnexProject, driver: Driver): Found {
  return {
    async apply(target, attempt, name, direction) {
      try {
        await runMigration(project, driver, target, attempt, name, direction, true);
      } catch (error) {
        throw tellable(driver, error);
      }
    },
  };
}

export async function driverFor(engine: Engine, root: string): Promise<Driver> {
  if (engine === 'sqlite') return (await import('../../src/drivers/sqlite.ts')).sqlite();
  return (await import('../../src/drivers/postgres.ts')).loadPostgres({ root });
}
