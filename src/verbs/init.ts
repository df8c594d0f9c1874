import { access, appendFile, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { configFile, configText } from './init/config-file.ts';
import { findDatabases } from './init/databases.ts';
import { addScripts, readPackage, type Package } from './init/package-file.ts';
import { findSqlFolder } from './init/sql-folder.ts';
import { umzugAdvice } from './init/umzug.ts';

/** What `init` found in a project, and what it did about it. */
export interface Initialized {
  /** The framework in use, and where. */
  readonly found: string;
  /** Files written or extended, relative to the root. */
  readonly wrote: readonly string[];
  /** What was there already and stays as it is. */
  readonly kept: readonly string[];
  readonly next: string;
}

/**
 * Sets a project up: a config, npm scripts, a line in `.gitignore`. Never overwrites anything. A project on Umzug is
 * left as it is: there the migrator itself becomes safe, by the lines that `next` shows.
 */
export async function init(root: string): Promise<Initialized> {
  const folder = resolve(root);
  const pack = await readPackage(folder);
  const databases = await findDatabases(folder);
  if (pack?.uses('umzug')) {
    const ignored = await ignoreHome(folder);
    return { found: 'umzug', wrote: ignored, kept: [], next: await umzugAdvice(folder, databases) };
  }
  const migrations = findSqlFolder(folder);
  const config = await writeConfig(folder, pack, configText({ databases, migrations: migrations ?? 'migrations' }));
  const scripts = pack === undefined ? { wrote: [], kept: [] } : await addScripts(pack);
  return {
    found: migrations === undefined ? 'no migrations yet' : `plain SQL migrations in ${migrations}/`,
    wrote: [...config.wrote, ...scripts.wrote, ...(await ignoreHome(folder))],
    kept: [...config.kept, ...scripts.kept],
    next: nextSteps({ databases, migrations, pack }),
  };
}

async function writeConfig(
  folder: string,
  pack: Package | undefined,
  text: (name: string) => string,
): Promise<{ readonly wrote: readonly string[]; readonly kept: readonly string[] }> {
  const { name, exists } = await configFile(folder, pack);
  if (exists) return { wrote: [], kept: [name] };
  await writeFile(join(folder, name), text(name), { flag: 'wx' });
  return { wrote: [name], kept: [] };
}

/** Only where there is one: the folder for copies keeps itself out of git, so that this is for people to read. */
async function ignoreHome(folder: string): Promise<readonly string[]> {
  const file = join(folder, '.gitignore');
  const present = await access(file).then(
    () => true,
    () => false,
  );
  if (!present) return [];
  const text = await readFile(file, 'utf8');
  if (/^\/?(?:\*\*\/)?\.forerun\/?\s*$/m.test(text)) return [];
  await appendFile(file, `${text === '' || text.endsWith('\n') ? '' : '\n'}.forerun/\n`);
  return ['.gitignore'];
}

interface Found {
  readonly databases: readonly string[];
  readonly migrations: string | undefined;
  readonly pack: Package | undefined;
}

function nextSteps({ databases, migrations, pack }: Found): string {
  const [database, ...others] = databases;
  return [
    ...(pack?.uses('forerun') ? [] : ['Add Forerun to the project: npm install --save-dev forerun']),
    ...(database === undefined ? ['No database was found: write its address in the config.'] : []),
    ...(others.length > 0
      ? [`The config says ${database ?? ''}; there ${others.length === 1 ? 'is' : 'are'} ${others.join(', ')} as well.`]
      : []),
    ...(migrations === undefined ? ['Create the first migration: npx forerun create <name>'] : []),
    'See where the database stands: npx forerun status',
    'Apply what is pending, rehearsed first: npx forerun up --safe',
  ].join('\n');
}
