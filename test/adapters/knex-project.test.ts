import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startPostgres, type PostgresServer } from '../support/postgres.ts';
import { knexFolder, names, users } from './fixtures/knex/project.ts';

const first = '20240101000000_users.js';
const second = '20240102000000_names.js';

const knexfiles: readonly (readonly [what: string, file: string, text: (connection: string) => string])[] = [
  ['CommonJS', 'knexfile.js', (connection) => `module.exports = { ${connection} };`],
  ['an ES module', 'knexfile.mjs', (connection) => `export default { ${connection} };`],
  [
    'TypeScript',
    'knexfile.ts',
    (connection) => `import type { Knex } from 'knex';
const config: { [name: string]: Knex.Config } = { development: { ${connection} } };
export default config;`,
  ],
  [
    'environments',
    'knexfile.js',
    (connection) => `module.exports = { development: { ${connection} }, staging: { client: 'pg' } };`,
  ],
  ['a function', 'knexfile.js', (connection) => `module.exports = async () => ({ ${connection} });`],
  ['a promise', 'knexfile.mjs', (connection) => `export default Promise.resolve({ ${connection} });`],
];

test.for(knexfiles)('a knexfile may be %s', async ([, file, text]) => {
  const project = await knexFolder(undefined);
  await project.run('rm', ['knexfile.js']);
  await project.put({ [file]: text(project.connection), [`migrations/${first}`]: users });
  expect((await project.json('up', '--safe')).outcome).toBe('promoted');
  expect(await project.rows('SELECT name FROM knex_migrations')).toEqual([{ name: first }]);
});

test('the environment is chosen by NODE_ENV, and one that is not there is named', async () => {
  const project = await knexFolder(undefined);
  await project.put({
    'knexfile.js': `module.exports = { production: { ${project.connection} }, staging: { ${project.connection} } };`,
    [`migrations/${first}`]: users,
    'forerun.config.mjs': `import { knex } from 'forerun/knex'; export default { source: knex({ environment: process.env.WHICH }) };`,
  });
  const forerun = (env: Record<string, string>): ReturnType<typeof project.run> =>
    project.run(process.execPath, ['node_modules/forerun/bin/forerun.js', 'status'], { NODE_ENV: '', ...env });
  expect((await forerun({ NODE_ENV: 'production' })).stdout).toContain('1 pending');
  expect((await forerun({ WHICH: 'staging' })).stdout).toContain('1 pending');
  const unknown = await forerun({ WHICH: 'stagging' });
  expect(unknown.exitCode).toBe(2);
  expect(unknown.stderr).toContain('has no environment stagging (did you mean staging?)');
});

test.for([
  ['throws', 'throw new Error("no such luck");', 'no such luck'],
  ['ends the program', 'process.exit(0);', 'process.exit'],
  ['never comes to its end', 'module.exports = () => new Promise(() => {});', 'never came to its end'],
  ['names another client', 'module.exports = { client: "mysql2", connection: {} };', 'the client mysql2'],
  ['names no client', 'module.exports = { connection: {} };', 'no environment development'],
  ['keeps its database in memory', 'module.exports = { client: "sqlite3", connection: ":memory:" };', ':memory:'],
] as const)('a knexfile that %s is said to', async ([, text, said]) => {
  const project = await knexFolder(undefined);
  await project.put({ 'knexfile.js': text });
  const { exitCode, stderr } = await project.forerun('status');
  expect([exitCode, stderr]).toEqual([2, expect.stringContaining(said)]);
  expect(stderr).toContain('knexfile.js');
});

test('a knexfile that leaves something open does not keep the program', async () => {
  const project = await knexFolder(undefined);
  await project.put({
    'knexfile.js': `setInterval(() => {}, 1000); module.exports = { ${project.connection} };`,
    [`migrations/${first}`]: users,
  });
  expect((await project.json('up', '--safe')).outcome).toBe('promoted');
});

test('migrations stand in several folders, sorted over all or folder by folder', async () => {
  const more = (separately: boolean): string =>
    `migrations: { directory: ['./b', './a'], sortDirsSeparately: ${separately} }`;
  for (const [separately, order] of [
    [false, [first, second]],
    [true, [first, second]],
  ] as const) {
    const project = await knexFolder(undefined, more(separately));
    await project.put({ [`b/${first}`]: users, [`a/${second}`]: names, 'a/notes.txt': '', 'b/README.md': '' });
    expect((await project.json('up', '--safe')).outcome).toBe('promoted');
    expect((await project.rows('SELECT name FROM knex_migrations ORDER BY id')).map((row) => row['name'])).toEqual(
      order,
    );
  }
  const apart = await knexFolder(undefined, more(true));
  await apart.put({ [`b/${second}`]: users, [`a/${first}`]: users });
  const listed = (await apart.json('gate')).migrations.map(({ name }) => name);
  expect(listed[0]).toBe(second);
});

test('CommonJS, ES modules and TypeScript stand side by side, with SQL in files of its own', async () => {
  const project = await knexFolder(
    undefined,
    `migrations: { loadExtensions: ['.js', '.cjs', '.mjs', '.ts'], directory: './migrations' }`,
  );
  await project.put({
    'migrations/001_users.cjs': users,
    'migrations/002_orders.mjs': `import { readFileSync } from 'node:fs';
export const up = (knex) => knex.raw(readFileSync(new URL('./orders.sql', import.meta.url), 'utf8'));
export const down = (knex) => knex.schema.dropTable('orders');
`,
    'migrations/003_names.ts': `import type { Knex } from 'knex';
export async function up(knex: Knex): Promise<void> {
  await knex.schema.alterTable('users', (table) => { table.string('name'); });
}
export async function down(knex: Knex): Promise<void> {
  await knex.schema.alterTable('users', (table) => { table.dropColumn('name'); });
}
`,
    'migrations/orders.sql': 'CREATE TABLE orders (id INTEGER PRIMARY KEY)',
  });
  const result = await project.json('up', '--safe');
  expect([result.outcome, result.findings.filter(({ severity }) => severity === 'block')]).toEqual(['promoted', []]);
  expect(await project.rows('SELECT name FROM knex_migrations ORDER BY id')).toEqual([
    { name: '001_users.cjs' },
    { name: '002_orders.mjs' },
    { name: '003_names.ts' },
  ]);
});

test('what is no migration stands beside them, as for Knex itself', async () => {
  const project = await knexFolder(undefined);
  await project.put({
    [`migrations/${first}`]: users,
    'migrations/README.md': '# How to write one',
    'migrations/seed.sql': 'DROP TABLE users',
    'migrations/.eslintrc.json': '{}',
    'migrations/20230101000000_old.js.bak': 'throw new Error();',
    'migrations/old/20230101000000_older.js': 'throw new Error();',
  });
  const { outcome, migrations } = await project.json('up', '--safe');
  expect([outcome, migrations.map(({ name }) => name)]).toEqual(['promoted', [first]]);
  expect((await project.knex('migrate:list')).stdout).toContain('No Pending Migration files Found.');
});

test('two files of one name are refused, for Knex would take them for one', async () => {
  const project = await knexFolder(undefined, `migrations: { directory: ['./a', './b'] }`);
  await project.put({ [`a/${first}`]: users, [`b/${first}`]: users });
  const { exitCode, stderr } = await project.forerun('up', '--safe');
  expect([exitCode, stderr]).toEqual([expect.any(Number), expect.stringContaining('have one name')]);
  expect(exitCode).not.toBe(0);
});

test('a migration source of its own lists the migrations', async () => {
  const project = await knexFolder(
    undefined,
    `migrations: { migrationSource: {
      getMigrations: async () => ['users', 'names'],
      getMigrationName: (migration) => migration,
      getMigration: async (migration) => require('./lib/' + migration + '.js'),
    } }`,
  );
  await project.put({ 'lib/users.js': users, 'lib/names.js': names });
  expect((await project.json('up', '--safe')).outcome).toBe('promoted');
  expect((await project.knex('migrate:list')).stdout).toContain('No Pending Migration');
});

test('the record has the name that is configured, and disableTransactions is heeded', async () => {
  const project = await knexFolder(undefined, `migrations: { tableName: 'done', disableTransactions: true }`);
  await project.put({ [`migrations/${first}`]: users });
  const result = await project.json('up', '--safe');
  expect(result.migrations.map(({ promotion }) => promotion)).toEqual(['swap']);
  expect(await project.rows('SELECT name FROM done')).toEqual([{ name: first }]);
  expect(
    result.migrations[0]?.evidence.schema?.diff.map(({ object }) => object).filter((name) => name.includes('done')),
  ).toEqual([]);
  expect((await project.knex('migrate:latest')).stdout).toContain('Already up to date');
});

test.for([false, true])(
  'without enforced foreign keys, as with the client sqlite3, a table is rebuilt without emptying its children (alone: %s)',
  async (alone) => {
    const project = await knexFolder(undefined);
    await project.put({
      'knexfile.js': `module.exports = { client: 'sqlite3', connection: { filename: './app.db' }, useNullAsDefault: true, migrations: { disableTransactions: ${alone} } };`,
    });
    await project.rows('CREATE TABLE parents (id INTEGER PRIMARY KEY, name TEXT)');
    await project.rows(
      'CREATE TABLE children (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES parents ON DELETE CASCADE)',
    );
    await project.rows("INSERT INTO parents VALUES (1, 'a')");
    await project.rows('INSERT INTO children VALUES (1, 1)');
    await project.put({
      [`migrations/${first}`]: `
exports.up = (knex) => knex.schema.alterTable('parents', (table) => table.string('name').notNullable().alter());
exports.down = (knex) => knex.schema.alterTable('parents', (table) => table.string('name').nullable().alter());
`,
    });
    const result = await project.json('up', '--safe');
    expect([result.outcome, result.findings.filter(({ severity }) => severity === 'block')]).toEqual(['promoted', []]);
    expect(await project.rows('SELECT * FROM children')).toEqual([{ id: 1, parent: 1 }]);
  },
);

test('create writes a file as knex migrate:make does', async () => {
  const [ours, theirs] = [await knexFolder(undefined), await knexFolder(undefined)];
  const made = await ours.forerun('create', 'add_users');
  expect(made.exitCode).toBe(0);
  await theirs.knex('migrate:make', 'add_users');
  const find = async (project: typeof ours): Promise<string> =>
    (await project.run('sh', ['-c', 'ls migrations; cat migrations/*_add_users.js'])).stdout.replaceAll(
      /\d{14}/g,
      'TIME',
    );
  expect(await find(ours)).toBe(await find(theirs));
  expect(await find(ours)).toContain('TIME_add_users.js');
});

describe('on PostgreSQL', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.stop());

  test('schemaName and searchPath are heeded', async () => {
    const project = await knexFolder(server, `searchPath: ['app'], migrations: { schemaName: 'records' }`);
    await project.rows('CREATE SCHEMA app');
    await project.rows('CREATE SCHEMA records');
    await project.put({ [`migrations/${first}`]: users });
    expect((await project.json('up', '--safe')).outcome).toBe('promoted');
    expect(await project.rows('SELECT count(*)::int AS n FROM app.users')).toEqual([{ n: 2 }]);
    expect(await project.rows('SELECT name FROM records.knex_migrations')).toEqual([{ name: first }]);
    expect((await project.knex('migrate:latest')).stdout).toContain('Already up to date');
  });

  test('the connection may be an object, or a function that answers with one', async () => {
    for (const form of ['object', 'function']) {
      const project = await knexFolder(server);
      const { port, pathname } = new URL((/'(postgres:.*)'/.exec(project.connection) ?? [])[1] ?? '');
      const object = `{ host: '127.0.0.1', port: ${port}, user: 'postgres', password: 'p@ss/word', database: '${pathname.slice(1)}' }`;
      await project.put({
        'knexfile.js': `module.exports = { client: 'pg', connection: ${form === 'object' ? object : `async () => (${object})`} };`,
        [`migrations/${first}`]: users,
      });
      const result = await project.json('up', '--safe');
      expect(result.outcome).toBe('promoted');
      expect(JSON.stringify(result)).not.toContain('word');
    }
  });
});
