import { existsSync, readdirSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
let project = '';

/** An empty project with the packed tarball installed, as a user would; the addon is not compiled a second time. */
beforeAll(async () => {
  project = await realpath(await mkdtemp(join(tmpdir(), 'forerun-package-')));
  const { stdout } = await execa('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', project], {
    cwd: root,
  });
  const [{ filename }] = JSON.parse(stdout) as [{ filename: string }];
  await writeFile(join(project, 'package.json'), '{ "private": true, "type": "module" }\n');
  await execa('npm', ['install', '--ignore-scripts', '--prefer-offline', join(project, filename)], { cwd: project });
  await cp(join(root, 'node_modules/better-sqlite3/build'), join(project, 'node_modules/better-sqlite3/build'), {
    recursive: true,
  });
}, 300_000);

afterAll(() => rm(project, { recursive: true, force: true }));

describe('the package', () => {
  test('migrates safely by npx, with no configuration', async () => {
    await mkdir(join(project, 'm'));
    await writeFile(join(project, 'm', '001_first.sql'), 'CREATE TABLE first (id INTEGER PRIMARY KEY);');
    new Database(join(project, 'app.db')).exec('CREATE TABLE users (id INTEGER PRIMARY KEY)').close();
    const result = await execa('npx', ['forerun', 'up', '--safe', '--database', 'app.db', '--migrations', 'm'], {
      cwd: project,
    });
    expect(result.stdout).toContain('1 migration promoted');
    const database = new Database(join(project, 'app.db'));
    expect(database.prepare('SELECT name FROM _schema_history').pluck().all()).toEqual(['001_first']);
    database.close();
  });

  test('can be imported by each of its names', async () => {
    const program = `
      const names = ['forerun', 'forerun/sqlite', 'forerun/copy', 'forerun/sql', 'forerun/prisma', 'forerun/trailbase', 'forerun/umzug'];
      for (const name of names) console.log(name, Object.keys(await import(name)).length > 0);`;
    const { stdout } = await execa(process.execPath, ['--input-type=module', '-e', program], { cwd: project });
    expect(stdout.split('\n')).toEqual([
      'forerun true',
      'forerun/sqlite true',
      'forerun/copy true',
      'forerun/sql true',
      'forerun/prisma true',
      'forerun/trailbase true',
      'forerun/umzug true',
    ]);
  });

  test('holds every module that another process starts or loads', async () => {
    const files = ['src', 'adapters'].flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((file) => join(root, folder, file)),
    );
    const texts = await Promise.all(files.filter((file) => file.endsWith('.ts')).map((file) => readFile(file, 'utf8')));
    const named = texts.flatMap((text) => [...text.matchAll(/ownModule\('([^']+)'\)/g)].map(([, path]) => `${path}`));
    expect(named).toContain('adapters/children/child');
    for (const path of named) {
      expect(existsSync(join(project, `node_modules/forerun/dist/${path}.js`)), path).toBe(true);
    }
  });

  test('has types that compile where nobody declares the types of Node', async () => {
    await writeFile(
      join(project, 'bare.ts'),
      `import { defineConfig, up } from 'forerun';
import { sqlite } from 'forerun/sqlite';
import { copy } from 'forerun/copy';
import { sql } from 'forerun/sql';
const driver = sqlite();
void up(defineConfig({ database: 'app.db', driver, provider: copy(), source: sql({ directory: 'm', driver }) }));
`,
    );
    expect(await compile(['bare.ts'], [])).toEqual({ all: '', exitCode: 0 });
  });

  test('has types that compile for a consumer who checks libraries, too', async () => {
    await writeFile(
      join(project, 'consumer.ts'),
      `import { defineConfig, up, type RunResult } from 'forerun';
import { sqlite, type SqliteDatabase } from 'forerun/sqlite';
import { copy } from 'forerun/copy';
import { sql } from 'forerun/sql';
import { safeUmzug } from 'forerun/umzug';
const driver = sqlite({ setup: (database) => void database.function('one', {}, () => 1) });
const config = defineConfig({ database: 'app.db', driver, provider: copy(), source: sql({ directory: 'm', driver }), policy: { 'data-preserved': 'warn' } });
export const result: Promise<RunResult> = up(config, { safe: true, onEvent: (event) => void event.type });
export const migrator = safeUmzug({ migrations: [], logger: undefined }, { database: 'app.db', context: async (target) => ({ url: target.url }) });
void migrator.up({ safe: true, step: 1 });
// @ts-expect-error there is no such key
defineConfig({ database: 'app.db', polices: {} });
const typed = safeUmzug(
  { migrations: { glob: 'migrations/*.ts' }, logger: undefined },
  { database: 'app.db', context: (_target, connection: SqliteDatabase) => connection },
);
export const migration: typeof typed._types.migration = async ({ context }) => void context.exec('SELECT 1');
`,
    );
    await writeFile(join(project, 'readme.ts'), await umzugOfReadme());
    await mkdir(join(project, 'node_modules/@types'), { recursive: true });
    await symlink(join(root, 'node_modules/@types/node'), join(project, 'node_modules/@types/node')).catch(() => {});
    expect(await compile(['consumer.ts', 'readme.ts'], ['node'])).toEqual({ all: '', exitCode: 0 });
  });
});

/** Checks files of the project strictly, the declarations of all libraries among them. */
async function compile(
  files: readonly string[],
  types: readonly string[],
): Promise<{ readonly all: string; readonly exitCode: number | undefined }> {
  const options = { module: 'nodenext', target: 'es2022', strict: true, skipLibCheck: false, noEmit: true, types };
  await writeFile(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, files }));
  const tsc = join(root, 'node_modules/.bin/tsc');
  const { all, exitCode } = await execa(tsc, ['-p', project], { reject: false, all: true });
  return { all, exitCode };
}

/** The first program under the README's heading Umzug. */
async function umzugOfReadme(): Promise<string> {
  const readme = await readFile(join(root, 'README.md'), 'utf8');
  const program = /^### Umzug$.*?^```js\n(.*?)^```$/ms.exec(readme)?.[1];
  expect(program).toContain('safeUmzug(');
  return program ?? '';
}
