import type { Knex } from 'knex';
import { resolveConfig, type Config } from '../src/config.ts';
import {
  deployOptions,
  gateOptions,
  refuseOddOptions,
  refuseUnknownOptions,
  statusOptions,
} from '../src/known-options.ts';
import type { Selection } from '../src/plan.ts';
import type { RunResult } from '../src/result.ts';
import type { DownOptions, UpOptions } from '../src/run.ts';
import type { RunOptions } from '../src/run-log.ts';
import type { Adapter } from '../src/seams/adapter.ts';
import type { Status, StatusOptions } from '../src/verbs/status.ts';
import { endIdleChildren } from './children/children.ts';
import { register, stopIfRehearsing } from './children/registry.ts';
import { addressIn } from './knex/address.ts';
import { childOf } from './knex/child-of.ts';
import { applying, driverFor } from './knex/find.ts';
import type { KnexOptions } from './knex/options.ts';
import { readProject, type KnexProject } from './knex/project.ts';
import { knexSource } from './knex/source.ts';

export type { KnexOptions };

/**
 * The migrations of a Knex project, for `source` in a configuration: `export default { source: knex() }`. The knexfile
 * names the database, unless the configuration does. What was applied is recorded in `_schema_history` and in Knex's own
 * `knex_migrations`, in one transaction with the migration.
 */
export function knex(options: KnexOptions = {}): Adapter {
  let root = process.cwd();
  let read: Promise<KnexProject> | undefined;
  const project = (): Promise<KnexProject> => (read ??= readProject(root, options));
  const made = register(options.module, async (...how) => {
    const found = await project();
    await applying(found, await driverFor(found.engine, root)).apply(...how);
  });
  return {
    name: 'knex',
    async database(folder) {
      root = folder;
      const { config, base, where } = await project();
      return addressIn(config, base, where);
    },
    async source(setup) {
      root = setup.root;
      const found = await project();
      return knexSource(found, setup, childOf(found, options, root, made));
    },
    async create(folder, name) {
      root = folder;
      const { createMigration } = await import('./knex/create.ts');
      return createMigration(await project(), name);
    },
  };
}

/** What a project says about itself, besides what its knex says. */
export interface SafeKnexOptions extends Omit<Config, 'source' | 'migrations'>, Pick<KnexOptions, 'module'> {}

/** A knex whose migrations are rehearsed first. */
export interface SafeKnex {
  /** With `safe`, what is pending is rehearsed on a branch, and promoted only where it passes. */
  up(options?: UpOptions): Promise<RunResult>;
  /** Reverts, the last one by default. */
  down(options?: DownOptions): Promise<RunResult>;
  /** Rehearses and judges what is pending; never touches main. */
  gate(options?: Selection & RunOptions): Promise<RunResult>;
  status(options?: StatusOptions): Promise<Status>;
  /** The same project for the functions of `forerun` and its command line: `export default safe.config`. */
  readonly config: Config;
}

/**
 * Makes the migrations of a knex safe: `safeKnex(knex).up({ safe: true })`. The instance itself is asked nothing, and
 * stays as it is. What did not pass is a result, not an exception.
 */
export function safeKnex(instance: Knex, options: SafeKnexOptions = {}): SafeKnex {
  const { module, ...shared } = options;
  const config: Config = {
    ...shared,
    source: knex({ knex: instance, ...(module === undefined ? {} : { module }) }),
  };
  const deploy = async (direction: 'up' | 'down', given: UpOptions = {}): Promise<RunResult> => {
    refuseUnknownOptions(given, deployOptions);
    refuseOddOptions(given);
    await stopIfRehearsing();
    const verb = await import('../src/run.ts');
    const result = await verb[direction](await resolveConfig(config), given);
    endIdleChildren();
    return result;
  };
  return {
    config,
    up: (given) => deploy('up', given),
    down: (given) => deploy('down', given),
    async gate(given = {}) {
      refuseUnknownOptions(given, gateOptions);
      refuseOddOptions(given);
      await stopIfRehearsing();
      const verb = await import('../src/run.ts');
      return verb.gate(await resolveConfig(config), given);
    },
    async status(given = {}) {
      refuseUnknownOptions(given, statusOptions);
      await stopIfRehearsing();
      const verb = await import('../src/verbs/status.ts');
      return verb.status(await resolveConfig(config), given);
    },
  };
}
