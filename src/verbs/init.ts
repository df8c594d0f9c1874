import { access, appendFile, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { commandFramework } from './init/command.ts';
import { configFile, configText, fromEnvironment, type ConfigFile } from './init/config-file.ts';
import { findDatabases } from './init/databases.ts';
import { frameworkConfig, installSteps, type Framework } from './init/framework.ts';
import { knexFramework } from './init/knex.ts';
import { addScripts, readPackage, type Package } from './init/package-file.ts';
import { prismaFramework } from './init/prisma.ts';
import type { ProviderFound } from './init/provider.ts';
import { findCodeMigrations, findSqlFolder } from './init/sql-folder.ts';
import { trailbaseFramework } from './init/trailbase.ts';
import { makesUmzug, umzugAdvice } from './init/umzug.ts';

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
 * left as it is: there the migrator itself becomes safe, by the lines that `next` shows. One whose migrations are code
 * that nothing runs is left as it is, too.
 */
export async function init(root: string, options: InitOptions = {}): Promise<Initialized> {
  const { provider } = options;
  const done = await setUp(resolve(root), provider);
  if (provider === undefined) return done;
  const { found, name, options: written, steps } = provider;
  const missing = done.wrote.some((file) => /^forerun\..*config\./.test(file))
    ? []
    : [`Write into the configuration: import { ${name} } from 'forerun/${name}'; and: provider: ${name}(${written})`];
  return { ...done, found: `${found}; ${done.found}`, next: [...missing, ...steps, done.next].join('\n') };
}

export interface InitOptions {
  /** What makes checkpoints and branches, to be named in the configuration. @default nothing: what fits main does */
  readonly provider?: ProviderFound;
}

async function setUp(folder: string, provider: ProviderFound | undefined): Promise<Initialized> {
  const pack = await readPackage(folder);
  const databases = await findDatabases(folder);
  const present = await configFile(folder, pack);
  const kept = present.exists ? [present.name] : [];
  const frameworks = await frameworksIn(folder, pack, databases);
  // As a package alone it may be there for another tool.
  if (pack?.uses('umzug') && (frameworks.length === 0 || (await makesUmzug(folder)))) {
    const ignored = await ignoreHome(folder);
    return { found: 'umzug', wrote: ignored, kept, next: await umzugAdvice(folder, pack, databases) };
  }
  const [framework, ...others] = frameworks;
  if (framework !== undefined) return withFrameworks(folder, pack, [framework, ...others], provider);
  const migrations = findSqlFolder(folder);
  const code = migrations === undefined && !present.exists ? findCodeMigrations(folder) : undefined;
  if (code !== undefined) return withoutFramework(code, pack);
  const text = configText({ databases, migrations: migrations ?? 'migrations', provider });
  const config = await writeConfig(folder, present, text);
  const scripts = pack === undefined ? { wrote: [], kept: [] } : await addScripts(pack);
  return {
    found: foundText(migrations, present),
    wrote: [...config.wrote, ...scripts.wrote, ...(await ignoreHome(folder))],
    kept: [...config.kept, ...scripts.kept],
    next: nextSteps({ databases: provider === undefined ? databases : undefined, migrations, pack, config: present }),
  };
}

/** All that are in use; the likeliest first. */
async function frameworksIn(
  folder: string,
  pack: Package | undefined,
  databases: readonly string[],
): Promise<readonly Framework[]> {
  const found = [
    prismaFramework(folder),
    await knexFramework(folder, pack),
    await trailbaseFramework(folder),
    await commandFramework(folder, pack, databases),
  ];
  return found.filter((framework) => framework !== undefined);
}

/** The first one gets the configuration that is read by default, the others one each that is named by `--config`. */
async function withFrameworks(
  folder: string,
  pack: Package | undefined,
  frameworks: readonly [Framework, ...Framework[]],
  provider: ProviderFound | undefined,
): Promise<Initialized> {
  const [first, ...others] = frameworks;
  const main = await configFile(folder, pack);
  const configs = [
    await writeConfig(folder, main, frameworkConfig(first, provider)),
    ...(await Promise.all(
      others.map(async (other) => {
        const name = main.name.replace('forerun.', `forerun.${other.adapter}.`);
        return writeConfig(
          folder,
          { name, exists: await isThere(join(folder, name)) },
          frameworkConfig(other, provider),
        );
      }),
    )),
  ];
  const scripts = pack === undefined ? { wrote: [], kept: [] } : await addScripts(pack);
  return {
    found: frameworks.map(({ found }) => found).join('; '),
    wrote: [...configs.flatMap(({ wrote }) => wrote), ...scripts.wrote, ...(await ignoreHome(folder))],
    kept: [...configs.flatMap(({ kept }) => kept), ...scripts.kept],
    next: [
      ...installSteps(
        pack,
        frameworks.flatMap(({ missing = [] }) => missing),
      ),
      ...frameworks.flatMap(({ steps = [] }) => steps),
      ...others.map(({ found, adapter }) => {
        const name = main.name.replace('forerun.', `forerun.${adapter}.`);
        return `Every command serves ${found}, by: --config ${name}`;
      }),
      ...lookAndApply,
    ].join('\n'),
  };
}

/** A configuration for plain SQL would only fail on migrations in JavaScript. */
function withoutFramework(
  code: { readonly folder: string; readonly file: string },
  pack: Package | undefined,
): Initialized {
  const missing = pack === undefined ? 'there is no package.json' : 'package.json names no umzug';
  return {
    found: `migrations in JavaScript or TypeScript in ${code.folder}/ (${code.file}), and ${missing} that would run them`,
    wrote: [],
    kept: [],
    next: [
      'Nothing was written: Forerun runs plain SQL by itself, and JavaScript through Umzug.',
      'If Umzug is what runs them: npm install umzug, then: npx forerun init',
      `If ${code.folder}/ holds no migrations of yours, write forerun.config.js by hand, as the README shows.`,
    ].join('\n'),
  };
}

function foundText(migrations: string | undefined, config: ConfigFile): string {
  if (migrations !== undefined) return `plain SQL migrations in ${migrations}/`;
  return config.exists ? `the configuration ${config.name}` : 'no migrations yet';
}

async function writeConfig(
  folder: string,
  { name, exists }: ConfigFile,
  text: (name: string) => string,
): Promise<{ readonly wrote: readonly string[]; readonly kept: readonly string[] }> {
  if (exists) return { wrote: [], kept: [name] };
  await writeFile(join(folder, name), text(name), { flag: 'wx' });
  return { wrote: [name], kept: [] };
}

/** Only where there is one: the folder for copies keeps itself out of git, so that this is for people to read. */
async function ignoreHome(folder: string): Promise<readonly string[]> {
  const file = join(folder, '.gitignore');
  if (!(await isThere(file))) return [];
  const text = await readFile(file, 'utf8');
  if (/^\/?(?:\*\*\/)?\.forerun\/?\s*$/m.test(text)) return [];
  await appendFile(file, `${text === '' || text.endsWith('\n') ? '' : '\n'}.forerun/\n`);
  return ['.gitignore'];
}

interface Found {
  /** Undefined where main's address comes from elsewhere. */
  readonly databases: readonly string[] | undefined;
  readonly migrations: string | undefined;
  readonly pack: Package | undefined;
  /** Where it was there already, what it says is the project's own affair. */
  readonly config: ConfigFile;
}

function nextSteps({ databases, migrations, pack, config }: Found): string {
  return [
    ...installSteps(pack),
    ...(config.exists || databases === undefined ? [] : databaseSteps(databases, config.name)),
    ...(migrations === undefined && !config.exists ? ['Create the first migration: npx forerun create <name>'] : []),
    ...lookAndApply,
  ].join('\n');
}

function isThere(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

const lookAndApply: readonly string[] = [
  'See where the database stands: npx forerun status',
  'Apply what is pending, rehearsed first: npx forerun up --safe',
];

function databaseSteps([database, ...others]: readonly string[], config: string): readonly string[] {
  if (database === undefined) return [`No database was found: ${config} says app.db; write the address there.`];
  if (others.length === 0) return [];
  const named = database === fromEnvironment ? 'the address in DATABASE_URL' : database;
  return [`${config} says ${named}; there ${others.length === 1 ? 'is' : 'are'} ${others.join(', ')} as well.`];
}
