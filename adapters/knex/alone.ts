import type { Knex } from 'knex';
import type { Attempt } from '../../src/seams/source.ts';
import type { Target } from '../../src/seams/target.ts';
import { connectionTo, knexWithoutDatabase } from './bound.ts';
import type { KnexConfig } from './config.ts';
import { leavesKeys } from './engine.ts';
import { knexPackage } from './package.ts';
import type { KnexProject } from './project.ts';
import { keepWords, quietErrors } from './words.ts';

/** A knex of its own for a migration that shares no transaction with us, bound to a database, and closed afterwards. */
export async function usingKnex(
  project: KnexProject,
  target: Target,
  { run }: Pick<Attempt, 'run'>,
  use: (knex: Knex) => Promise<void>,
): Promise<void> {
  const { base, config, engine } = project;
  const connection = await connectionTo(project, target);
  const knex = knexPackage(base)({
    ...config,
    ...quietErrors,
    client: await clientOf(project),
    // By this name a later run finds the sessions of this one, should it die.
    connection: { ...connection, ...(engine === 'sqlite' ? {} : { application_name: nameOf(run) }) },
    pool: { ...config.pool, ...(engine === 'sqlite' ? keys(config) : { min: 0 }) },
  });
  keepWords(knex);
  try {
    await use(knex);
  } finally {
    await knex.destroy();
  }
}

/** Our client enforces foreign keys where nobody says otherwise. */
function keys(config: KnexConfig): Pick<NonNullable<KnexConfig['pool']>, 'afterCreate'> {
  const given = config.pool?.afterCreate as AfterCreate | undefined;
  if (!leavesKeys(config)) return {};
  return {
    afterCreate(connection: Parameters<AfterCreate>[0], done: Parameters<AfterCreate>[1]) {
      connection.pragma('foreign_keys = OFF');
      if (given === undefined) done();
      else given(connection, done);
    },
  };
}

type AfterCreate = (connection: { pragma(text: string): unknown }, done: (error?: Error) => void) => void;

/** As the driver names its sessions. */
function nameOf(run: string | undefined): string {
  return run === undefined ? 'forerun' : `forerun:${run}`;
}

/** For SQLite with our own better-sqlite3, which the project need not have installed. */
async function clientOf(project: KnexProject): Promise<KnexConfig['client']> {
  const { engine, config } = project;
  if (engine !== 'sqlite' || typeof config.client !== 'string') return config.client;
  const Client = knexWithoutDatabase(project).client.constructor as new (...args: unknown[]) => object;
  const { default: Database } = await import('better-sqlite3');
  return class extends Client {
    _driver(): unknown {
      return Database;
    }
  };
}
