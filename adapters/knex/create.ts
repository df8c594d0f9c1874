import { mkdir } from 'node:fs/promises';
import { ForerunError } from '../../src/error.ts';
import { knexWithoutDatabase } from './bound.ts';
import type { KnexProject } from './project.ts';

/** Has Knex write a new migration, with its own stub and name, into the last of the folders, as `migrate:make` does. */
export async function createMigration(project: KnexProject, name: string): Promise<readonly string[]> {
  const { config, settings, where } = project;
  if (settings.source !== undefined) {
    throw new ForerunError(
      'USAGE',
      `${where} has a migration source of its own, and only that knows how to add to it.`,
      {
        details: {},
        next: 'Add the migration there.',
      },
    );
  }
  for (const folder of settings.directories) await mkdir(folder, { recursive: true });
  const made: unknown = await knexWithoutDatabase(project).migrate.make(name, {
    extension: extensionOf(project),
    ...config.migrations,
    directory: [...settings.directories],
  } as object);
  return [String(made)];
}

/** As `knex migrate:make`: that of the knexfile, where nothing else is said. */
function extensionOf({ where }: KnexProject): string {
  return /\.([cm]?[jt]s)$/.exec(where)?.[1] ?? 'js';
}
