import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { databaseText } from './config-file.ts';
import type { Framework } from './framework.ts';
import type { Package } from './package-file.ts';
import { findSqlFolder } from './sql-folder.ts';

/** What is to be written for a project with a migration tool that is run as a command; undefined without one. */
export async function commandFramework(
  root: string,
  pack: Package | undefined,
  databases: readonly string[],
): Promise<Framework | undefined> {
  if (pack === undefined) return undefined;
  const used = tools.filter(({ packages }) => packages.some((name) => pack.uses(name)));
  // A library for queries, beside migrations in plain SQL, is no sign that it runs them.
  const found = findSqlFolder(root) === undefined ? used : used.filter(({ library }) => library !== true);
  const [first, ...others] = found;
  if (first === undefined) return undefined;
  const { up, step } = await first.command(root, pack);
  return {
    found: `${first.name}, which is run as a command`,
    adapter: 'command',
    options: `{ up: '${up}' }`,
    database: databaseText(databases),
    steps: [
      ...(step === undefined ? [] : [step]),
      ...others.map(({ name }) => `${name} is there as well: a configuration of its own, by --config, serves it.`),
    ],
  };
}

interface Tool {
  readonly name: string;
  readonly packages: readonly string[];
  /** Whether it does much else than migrations. */
  readonly library?: true;
  command(root: string, pack: Package): Promise<{ readonly up: string; readonly step?: string }>;
}

const tools: readonly Tool[] = [
  // The file that it would write is that of the branch.
  { name: 'dbmate', packages: ['dbmate'], command: async () => ({ up: 'npx dbmate --no-dump-schema up' }) },
  {
    name: 'node-pg-migrate',
    packages: ['node-pg-migrate'],
    command: async () => ({ up: 'npx node-pg-migrate up' }),
  },
  { name: 'Drizzle', packages: ['drizzle-kit'], command: async () => ({ up: 'npx drizzle-kit migrate' }) },
  {
    name: 'Sequelize',
    packages: ['sequelize-cli'],
    command: async () => ({
      up: 'npx sequelize-cli db:migrate',
      step: "Have Sequelize's own config read the address: use_env_variable: 'DATABASE_URL'",
    }),
  },
  {
    name: 'Kysely',
    packages: ['kysely', 'kysely-ctl'],
    library: true,
    command: async (_, pack) =>
      pack.uses('kysely-ctl') ? { up: 'npx kysely migrate:latest' } : ownScript(pack, "Kysely's Migrator"),
  },
  { name: 'TypeORM', packages: ['typeorm'], library: true, command: typeorm },
];

async function typeorm(root: string): Promise<{ readonly up: string; readonly step?: string }> {
  for (const folder of ['src', '.', 'src/db', 'db']) {
    const names = await readdir(join(root, folder)).catch(() => []);
    const file = names.find((name) => /^(?:app-)?data-?source\.[cm]?[jt]s$/i.test(name));
    if (file === undefined) continue;
    const program = file.endsWith('ts') ? 'typeorm-ts-node-commonjs' : 'typeorm';
    return { up: `npx ${program} migration:run -d ${folder === '.' ? '' : `${folder}/`}${file}` };
  }
  const step = 'No data source was found: write its path into the command of the configuration.';
  return { up: 'npx typeorm migration:run -d data-source.js', step };
}

/** The project's own script that has migrations run; Forerun's are not meant. */
function ownScript({ content }: Package, what: string): { readonly up: string; readonly step?: string } {
  const scripts = Object.entries(Object(content['scripts']) as Record<string, unknown>);
  const [name] = scripts.find(([key, text]) => /migrat/.test(key) && !/\bforerun\b/.test(String(text))) ?? [];
  if (name !== undefined) return { up: `npm run --silent ${name}` };
  const step = `No script that runs ${what} was found: write its command into the configuration.`;
  return { up: 'node migrate.js', step };
}
