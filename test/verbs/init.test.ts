import { mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { init } from '../../src/verbs/init.ts';
import { addAudit, refusal } from './shop.ts';

async function folder(files: Readonly<Record<string, string>>): Promise<string> {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'forerun-init-')));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), text);
  }
  return root;
}

const textOf = (root: string, name: string): Promise<string> => readFile(join(root, name), 'utf8');

test('sets up a TypeScript project with SQL migrations and a database', async () => {
  const root = await folder({
    'package.json': '{\n    "name": "shop",\n    "devDependencies": { "forerun": "^0.1.0" }\n}\n',
    'tsconfig.json': '{}',
    'db/migrations/001_audit.sql': addAudit,
    'shop.sqlite': '',
    '.gitignore': 'dist/',
  });
  const done = await init(root);
  expect(done).toEqual({
    found: 'plain SQL migrations in db/migrations/',
    wrote: ['forerun.config.ts', 'package.json', '.gitignore'],
    kept: [],
    next: 'See where the database stands: npx forerun status\nApply what is pending, rehearsed first: npx forerun up --safe',
  });
  expect(await textOf(root, 'forerun.config.ts')).toBe(
    "import type { Config } from 'forerun';\n\nexport default {\n  database: process.env.DATABASE_URL ?? 'shop.sqlite',\n  migrations: 'db/migrations',\n} satisfies Config;\n",
  );
  expect(await textOf(root, 'package.json')).toBe(`{
    "name": "shop",
    "devDependencies": {
        "forerun": "^0.1.0"
    },
    "scripts": {
        "migrate:up": "forerun up",
        "migrate:up:safe": "forerun up --safe",
        "migrate:status": "forerun status",
        "migrate:gate": "forerun gate"
    }
}
`);
  expect(await textOf(root, '.gitignore')).toBe('dist/\n.forerun/\n');
});

test('does nothing the second time', async () => {
  const root = await folder({ 'package.json': '{ "name": "shop" }', '.gitignore': '/.forerun\n' });
  await init(root);
  const before = await Promise.all((await readdir(root)).map((name) => textOf(root, name)));
  const again = await init(root);
  expect(again.wrote).toEqual([]);
  expect(again.kept).toEqual([
    'forerun.config.mjs',
    'script migrate:up',
    'script migrate:up:safe',
    'script migrate:status',
    'script migrate:gate',
  ]);
  expect(await Promise.all((await readdir(root)).map((name) => textOf(root, name)))).toEqual(before);
});

test('keeps scripts, a config, line ends and indentation that are there', async () => {
  const root = await folder({
    'package.json': '{\r\n\t"type": "module",\r\n\t"scripts": {\r\n\t\t"migrate:up": "mine"\r\n\t}\r\n}',
    'forerun.config.mts': '// mine',
  });
  const done = await init(root);
  expect(done.kept).toEqual(['forerun.config.mts', 'script migrate:up']);
  const text = await textOf(root, 'package.json');
  expect(text).toContain('\r\n\t\t"migrate:up": "mine",\r\n\t\t"migrate:up:safe": "forerun up --safe",');
  expect(text.replaceAll('\r\n', '')).not.toContain('\n');
  expect(text.endsWith('}')).toBe(true);
  expect(await textOf(root, 'forerun.config.mts')).toBe('// mine');
});

test.each([
  ['{ "type": "module" }', 'forerun.config.js'],
  ['{}', 'forerun.config.mjs'],
])('writes JavaScript where there is no tsconfig.json: %s gets %s', async (text, name) => {
  const root = await folder({ 'package.json': text });
  const done = await init(root);
  expect(done.found).toBe('no migrations yet');
  expect(done.wrote[0]).toBe(name);
  const config = (await import(join(root, name))) as { default: unknown };
  expect(config.default).toEqual({ database: 'app.db', migrations: 'migrations' });
  expect(done.next).toContain('npm install --save-dev forerun');
  expect(done.next).toContain(`No database was found: ${name} says app.db; write the address there.`);
  expect(done.next).toContain('forerun create');
});

test('finds a database one folder deep, and not among installed packages or hidden files', async () => {
  const root = await folder({
    'data/shop.sqlite': '',
    'node_modules/some.db': '',
    '.forerun/lock.db': '',
    'a/b/deep.db': '',
  });
  const done = await init(root);
  expect(await textOf(root, 'forerun.config.mjs')).toContain(
    "database: process.env.DATABASE_URL ?? 'data/shop.sqlite'",
  );
  expect(done.next).not.toMatch(/No database|as well/);
  const two = await folder({ 'z.db': '', 'data/shop.sqlite3': '' });
  expect((await init(two)).next).toContain('forerun.config.mjs says z.db; there is data/shop.sqlite3 as well.');
});

test('says nothing of databases and migrations where a config is there that names them', async () => {
  const root = await folder({ 'forerun.config.js': "export default { database: 'elsewhere/shop', source: mine };" });
  const done = await init(root);
  expect(done.found).toBe('the configuration forerun.config.js');
  expect(done.kept).toEqual(['forerun.config.js']);
  expect(done.next).not.toMatch(/No database|first migration/);
});

test.each([
  ['no umzug', '{ "name": "shop" }', 'package.json names no umzug'],
  ['no package.json', undefined, 'there is no package.json'],
])('migrations in JavaScript and %s: says what is missing and writes nothing', async (_what, manifest, missing) => {
  const root = await folder({
    ...(manifest === undefined ? {} : { 'package.json': manifest }),
    'db/migrations/001-users.js': 'export const up = () => {};',
    '.gitignore': '',
  });
  const done = await init(root);
  expect(done.found).toContain('in db/migrations/ (001-users.js)');
  expect(done.found).toContain(missing);
  expect([done.wrote, done.kept]).toEqual([[], []]);
  expect(done.next).toContain('npm install umzug');
  expect(await readdir(root)).not.toContain('forerun.config.mjs');
});

test('takes the address from .env, but writes no password into a file', async () => {
  const local = await folder({
    '.env': 'A=1\nexport DATABASE_URL="file:./it\'s.db" # dev\n',
    "it's.db": '',
    'other.db': '',
  });
  const done = await init(local);
  expect(await textOf(local, 'forerun.config.mjs')).toContain("database: process.env.DATABASE_URL ?? './it\\'s.db'");
  expect(done.next).toContain('is other.db as well');
  const remote = await folder({ '.env': 'DATABASE_URL=postgres://me:secret@db/shop' });
  await init(remote);
  const text = await textOf(remote, 'forerun.config.mjs');
  expect(text).toContain("database: process.env.DATABASE_URL ?? ''");
  expect(text).not.toContain('secret');
});

test('finds migrations that are folders, and passes over files that are none', async () => {
  const root = await folder({ 'migrations/index.js': '', 'sql/001_audit/up.sql': addAudit, 'sql/seed.sql': '' });
  expect((await init(root)).found).toBe('plain SQL migrations in sql/');
});

test('a project on Umzug is shown the lines to change and left as it is', async () => {
  const manifest = '{"type":"module","dependencies":{"umzug":"^3.8.0"}}';
  const root = await folder({
    'package.json': manifest,
    'tsconfig.json': '{}',
    'src/migrate.ts': "import { Umzug } from 'umzug';\n\nconst umzug = new Umzug<Db>({});\n",
    'shop.db': '',
  });
  const done = await init(root);
  expect(done).toMatchObject({ found: 'umzug', wrote: [], kept: [] });
  expect(done.next).toContain('In src/migrate.ts, line 3');
  expect(done.next).toContain("import { safeUmzug } from 'forerun/umzug';");
  expect(done.next).toContain("database: process.env.DATABASE_URL ?? 'shop.db'");
  expect(done.next).toContain('module: import.meta.url,');
  expect(done.next).toContain("write forerun.config.ts:\n\n  import { umzug } from './src/migrate.ts';");
  expect(await textOf(root, 'package.json')).toBe(manifest);
});

test('the lines for Umzug are those of the language and the module system that the project is written in', async () => {
  const common = await folder({
    'package.json': '{"dependencies":{"umzug":"^3.8.0"}}',
    'migrate.js': "const { Umzug } = require('umzug');\nconst umzug = new Umzug({});\n",
  });
  const { next } = await init(common);
  expect(next).toContain("const { safeUmzug } = require('forerun/umzug');");
  expect(next).toContain('module: __filename,');
  expect(next).toContain('write forerun.config.mjs:');
  const modern = await folder({ 'package.json': '{"type":"module","dependencies":{"umzug":"^3.8.0"}}' });
  expect((await init(modern)).next).toContain('write forerun.config.js:');
  await writeFile(join(modern, 'forerun.config.js'), '// mine');
  const again = await init(modern);
  expect(again.kept).toEqual(['forerun.config.js']);
  expect(again.next).not.toContain('forerun.config');
});

test.each(['safeUmzug(new Umzug({}), {})', 'safeUmzug({}, {})'])(
  'a project whose Umzug is safe already is told so, and how the command line knows it: %s',
  async (made) => {
    const root = await folder({
      'package.json': '{"type":"module","dependencies":{"umzug":"^3.8.0"}}',
      'migrate.js': `import { safeUmzug } from 'forerun/umzug';\nexport const umzug = ${made};\n`,
    });
    const { next } = await init(root);
    expect(next).toContain('migrate.js makes its Umzug safe already: npm run <your script> -- up --safe');
    expect(next).not.toContain('wrap it');
    expect(next).toContain("import { umzug } from './migrate.js';");
  },
);

test('a package.json that is no JSON is named and nothing is written', async () => {
  const root = await folder({ 'package.json': '{ name: shop }' });
  expect((await refusal(init(root), 'CONFIG')).message).toContain('package.json');
  expect(await readdir(root)).toEqual(['package.json']);
});
