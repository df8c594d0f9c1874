import { createRequire } from 'node:module';
import { extname } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { InputMigrations, MigrationFn, RunnableMigration, Umzug } from 'umzug';
import { importAny } from '../code/import-any.ts';

/**
 * The migrations of an Umzug, to be run. Umzug's own resolver can load TypeScript only where Node can, and finds nothing
 * in what some loaders make of it: those files are loaded here, as everything else is.
 */
export async function runnableMigrations<Context extends object>(
  umzug: Umzug<Context>,
  context: Context,
): Promise<readonly RunnableMigration<Context>[]> {
  const migrations = await umzug.migrations(context);
  if (hasResolver(umzug.options.migrations)) return migrations;
  return migrations.map((migration) => {
    const { path } = migration;
    if (path === undefined || !isForUs(path)) return migration;
    return {
      ...migration,
      up: async (params) => (await loaded<Context>(path)).up(params),
      down: async (params) => (await loaded<Context>(path)).down?.(params),
    };
  });
}

/** Functions and lists bring what is to be run with them. */
function hasResolver<Context extends object>(migrations: InputMigrations<Context>): boolean {
  return typeof migrations !== 'object' || !('glob' in migrations) || migrations.resolve !== undefined;
}

/** TypeScript, unless a hook of `require` is there for it: Umzug calls that where the program is CommonJS. */
function isForUs(path: string): boolean {
  const extension = extname(path);
  return /^\.[cm]?ts$/.test(extension) && !(extension in createRequire(import.meta.url).extensions);
}

interface MigrationModule<Context extends object> {
  readonly up: MigrationFn<Context>;
  readonly down?: MigrationFn<Context>;
}

async function loaded<Context extends object>(path: string): Promise<MigrationModule<Context>> {
  const module = (await importAny(pathToFileURL(path).href)) as Partial<MigrationModule<Context>> & {
    readonly default?: MigrationModule<Context>;
  };
  const { up = module.default?.up, down = module.default?.down } = module;
  if (up === undefined) throw new TypeError('The migration exports no function `up`.');
  return { up, ...(down === undefined ? {} : { down }) };
}
