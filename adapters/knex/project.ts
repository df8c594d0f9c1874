import { dirname, resolve } from 'node:path';
import type { KnexConfig, MigrationSource } from './config.ts';
import { engineOf, type Engine } from './engine.ts';
import { readKnexfile } from './knexfile.ts';
import type { KnexOptions } from './options.ts';

/** What is known of a Knex project. */
export interface KnexProject {
  /** The knexfile, or what stands for it, for messages. */
  readonly where: string;
  /** The folder that relative paths are relative to. */
  readonly base: string;
  readonly config: KnexConfig;
  readonly engine: Engine;
  readonly settings: Settings;
}

/** What Knex calls `migrations` in its configuration, with its defaults. */
export interface Settings {
  /** Absolute. */
  readonly directories: readonly string[];
  readonly extensions: readonly string[];
  readonly sortDirsSeparately: boolean;
  /** Lists the migrations instead of the directories. */
  readonly source: MigrationSource | undefined;
  readonly tableName: string;
  readonly schemaName: string | undefined;
  /** Whether migrations that say nothing run in a transaction. */
  readonly transactions: boolean;
  /** Whether a recorded name without a migration is an error. */
  readonly complete: boolean;
}

export async function readProject(root: string, options: KnexOptions): Promise<KnexProject> {
  const { knex, knexfile, environment } = options;
  if (knex !== undefined) return projectOf('The knex instance', process.cwd(), knex.client.config as KnexConfig);
  const { file, config } = await readKnexfile(root, knexfile, environment);
  return projectOf(file, dirname(file), config);
}

export function projectOf(where: string, base: string, config: KnexConfig): KnexProject {
  return { where, base, config, engine: engineOf(config, where), settings: settingsOf(config, base) };
}

function settingsOf({ migrations = {} }: KnexConfig, base: string): Settings {
  const { directory = './migrations', loadExtensions, sortDirsSeparately, migrationSource } = migrations;
  // As Knex: whoever names folders means files.
  const namesFiles =
    migrations.directory !== undefined || loadExtensions !== undefined || sortDirsSeparately !== undefined;
  return {
    directories: (typeof directory === 'string' ? [directory] : directory).map((folder) => resolve(base, folder)),
    extensions: loadExtensions ?? defaultExtensions,
    sortDirsSeparately: sortDirsSeparately ?? false,
    source: namesFiles ? undefined : migrationSource,
    tableName: migrations.tableName ?? 'knex_migrations',
    schemaName: migrations.schemaName ?? undefined,
    transactions: !(migrations.disableTransactions ?? false),
    complete: !(migrations.disableMigrationsListValidation ?? false),
  };
}

/** Knex's; `.mjs` is not among them. */
const defaultExtensions = ['.co', '.coffee', '.eg', '.iced', '.js', '.cjs', '.litcoffee', '.ls', '.ts'];
