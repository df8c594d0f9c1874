import { readdir, readFile } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';
import { checksum, normalText, weakChecksum } from '../../src/checksum.ts';
import { ForerunError, messageOf } from '../../src/error.ts';
import { meantFolder } from '../../src/nearest-folder.ts';
import type { Migration } from '../../src/seams/source.ts';
import { mayHaveDown } from '../code/may-have-down.ts';
import { versionsOf } from '../code/versions.ts';
import type { MigrationModule } from './config.ts';
import { loadMigration } from './load.ts';
import type { KnexProject, Settings } from './project.ts';

/** One migration as Knex knows it. */
export interface Listed {
  /** The key in its record: a file's name with its extension. */
  readonly name: string;
  /** Absolute; absent where it comes from a migration source. */
  readonly file?: string;
  /** What Knex gives to hooks. */
  readonly spec: unknown;
  load(): Promise<MigrationModule>;
}

/** Lists the migrations in Knex's order, without running any. */
export async function listMigrations({ settings }: KnexProject): Promise<readonly Listed[]> {
  const { source } = settings;
  if (source === undefined) return filesIn(settings);
  return (await source.getMigrations(settings.extensions)).map((migration) => ({
    name: source.getMigrationName(migration),
    spec: migration,
    load: async () => (await source.getMigration(migration)) as MigrationModule,
  }));
}

/** What is known of a migration without running it. */
export type Description = Pick<Migration, 'version' | 'name' | 'checksum' | 'text' | 'file'> & {
  readonly hasDown: boolean;
};

export async function describeAll(migrations: readonly Listed[]): Promise<readonly Description[]> {
  const versionOf = versionsOf(migrations.map(({ name }) => name));
  return Promise.all(
    migrations.map(async (migration) => ({ version: versionOf(migration.name), ...(await contentOf(migration)) })),
  );
}

async function contentOf({ name, file, load }: Listed): Promise<Omit<Description, 'version'>> {
  if (file === undefined) {
    const { up, down } = await load();
    const text = String(up);
    return { name, checksum: weakChecksum(text), text, hasDown: typeof down === 'function' };
  }
  const bytes = await readFile(file);
  const text = normalText(bytes);
  return { name, checksum: checksum(bytes), text, file, hasDown: mayHaveDown(file, text) };
}

async function filesIn(settings: Settings): Promise<readonly Listed[]> {
  const { directories, extensions, sortDirsSeparately } = settings;
  const all = await Promise.all(
    directories.map(async (folder) => {
      const names = await namesIn(folder);
      return names.sort().map((name) => ({ name, file: join(folder, name) }));
    }),
  );
  const files = all.flat().filter(({ name }) => extensions.includes(extname(name)));
  const sorted = sortDirsSeparately ? files : files.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  refuseSameNames(sorted);
  return sorted.map(({ name, file }) => ({
    name,
    file,
    spec: { file: name, directory: dirname(file) },
    load: () => loadMigration(file),
  }));
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    throw new ForerunError('BAD_MIGRATION', `The folder of migrations ${folder} cannot be read: ${messageOf(error)}`, {
      details: {},
      next: `${meantFolder(folder)}Check migrations.directory in the knexfile; the first migration is made by: npx forerun create <name>`,
      cause: error,
    });
  }
}

/** Knex tells migrations by the names of their files alone. */
function refuseSameNames(files: readonly { readonly name: string; readonly file: string }[]): void {
  for (const { name, file } of files) {
    const other = files.find((candidate) => candidate.name === name && candidate.file !== file);
    if (other === undefined) continue;
    throw new ForerunError(
      'BAD_MIGRATION',
      `${file} and ${other.file} have one name, and Knex would take them for one.`,
      {
        details: { where: { file } },
        next: 'Give one of them another name.',
      },
    );
  }
}
