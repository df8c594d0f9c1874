import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { forerunJson } from '../support/cli.ts';
import { umzugProject, type UmzugProject } from './fixtures/umzug/project.ts';

const modules = fileURLToPath(new URL('../../node_modules', import.meta.url));

const migration = (table: string): string => `import type { SqliteDatabase } from 'forerun/sqlite';

interface Params {
  readonly context: SqliteDatabase;
}

export const up = async ({ context }: Params): Promise<void> => {
  context.exec('CREATE TABLE ${table} (i)');
};
export const down = async ({ context }: Params): Promise<void> => {
  context.exec('DROP TABLE ${table}');
};
`;

/** Nothing in it can be run but by a program that knows TypeScript. */
async function typeScriptProject(): Promise<UmzugProject> {
  const project = await umzugProject({
    'package.json': '{ "type": "module" }',
    'migrator.ts': `import { safeUmzug } from 'forerun/umzug';
import type { SqliteDatabase } from 'forerun/sqlite';

export const migrator = safeUmzug(
  { migrations: { glob: 'migrations/*.ts' }, logger: undefined },
  {
    database: 'app.db',
    context: (target, connection: SqliteDatabase) => connection,
    module: import.meta.url,
  },
);
`,
    'migrate.ts': "import { migrator } from './migrator.ts';\n\nawait migrator.runAsCLI();\n",
    'forerun.config.ts': "import { migrator } from './migrator.ts';\n\nexport default migrator.config;\n",
    'migrations/001_a.ts': migration('a'),
    'migrations/002_b.ts': migration('b'),
  });
  await symlink(join(modules, 'jiti'), join(project.root, 'node_modules/jiti'));
  return project;
}

describe.each([
  ['node --import jiti/register', ['--import', 'jiti/register']],
  ['jiti', [join(modules, 'jiti/lib/jiti-cli.mjs')]],
])('migrations in TypeScript, by %s', (_program, options) => {
  test('are applied and reverted, rehearsed and not', async () => {
    const project = await typeScriptProject();
    const migrate = (...args: readonly string[]) => project.run('node', [...options, 'migrate.ts', ...args]);

    const first = await migrate('up', '--safe', '--to', '001_a.ts');
    expect([first.exitCode, first.stdout]).toEqual([0, expect.stringContaining('1 migration promoted')]);
    expect(project.tables()).toEqual(['a', 'users']);
    expect((await migrate('up')).exitCode).toBe(0);
    expect(project.tables()).toEqual(['a', 'b', 'users']);
    expect((await migrate('down', '--safe')).stdout).toContain('1 migration reverted');
    expect(project.tables()).toEqual(['a', 'users']);
  });
});

test('migrations in TypeScript are promoted by the command line of forerun, with no loader at all', async () => {
  const project = await typeScriptProject();
  const result = await forerunJson(['up', '--safe'], { cwd: project.root });
  expect(result).toMatchObject({ outcome: 'promoted', findings: [] });
  expect(result.migrations).toMatchObject([
    { promotion: 'replay', evidence: { down: { restoresSchema: true } } },
    { promotion: 'replay' },
  ]);
  expect(project.tables()).toEqual(['a', 'b', 'users']);
});

test('a migration in TypeScript that exports no up is blocked and named', async () => {
  const project = await typeScriptProject();
  await project.put({ 'migrations/003_c.ts': 'export const apply = (): void => {};\n' });
  const result = await forerunJson(['gate'], { cwd: project.root });
  expect(result.findings).toMatchObject([
    { gate: 'applies', migration: '003_c.ts', message: expect.stringContaining('exports no function `up`') as string },
  ]);
});
