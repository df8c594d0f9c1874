import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startPostgres, type PostgresServer } from '../support/postgres.ts';
import { knexFolder, names, users, type KnexFolder } from './fixtures/knex/project.ts';

const first = '20240101000000_users.js';
const second = '20240102000000_names.js';

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server.stop());

/** A program that makes its own knex, and does with it what its arguments say. */
const program = (connection: string, more = '', options = ''): string => `
import makeKnex from 'knex';
import { safeKnex } from 'forerun/knex';
const knex = makeKnex({ ${connection}, ${more} });
const safe = safeKnex(knex, { ${options} });
const [verb, given] = process.argv.slice(2);
const result = await safe[verb](JSON.parse(given ?? '{}'));
console.log(JSON.stringify(result));
await knex.destroy();
`;

interface Told {
  readonly outcome?: string;
  readonly pending?: readonly object[];
  readonly migrations?: readonly { readonly evidence: { readonly notes?: readonly string[] } }[];
}

async function call(project: KnexFolder, ...args: readonly string[]): Promise<Told> {
  const { exitCode, stdout, stderr } = await project.run(process.execPath, ['migrate.mjs', ...args]);
  expect([exitCode, exitCode === 0 ? '' : stderr]).toEqual([0, '']);
  return JSON.parse(stdout) as Told;
}

const notesOf = ({ migrations = [] }: Told): string =>
  migrations.flatMap(({ evidence }) => evidence.notes ?? []).join();

describe.each(['sqlite', 'postgres'] as const)('safeKnex on %s', (engine) => {
  const make = async (more?: string, options?: string): Promise<KnexFolder> => {
    const project = await knexFolder(engine === 'postgres' ? server : undefined);
    await project.put({
      'migrate.mjs': program(project.connection, more, options),
      [`migrations/${first}`]: users,
      [`migrations/${second}`]: names,
    });
    return project;
  };

  test('says where the database stands, and judges what is pending without touching it', async () => {
    const project = await make();
    expect((await call(project, 'status')).pending).toHaveLength(2);
    expect((await call(project, 'gate')).outcome).toBe('passed');
    expect(
      await project.rows(
        engine === 'sqlite'
          ? 'SELECT name FROM sqlite_schema'
          : "SELECT tablename FROM pg_tables WHERE schemaname = 'public'",
      ),
    ).toHaveLength(engine === 'sqlite' ? 1 : 0);
  });

  test('goes up in a child process that is told its plain configuration, and comes down', async () => {
    const project = await make();
    const told = await call(project, 'up', '{ "safe": true }');
    expect(told.outcome).toBe('promoted');
    expect(notesOf(told)).not.toContain('in this process');
    expect((await call(project, 'down', '{ "safe": true }')).outcome).toBe('promoted');
    expect((await project.knex('migrate:list')).stdout).toContain('Found 1 Pending Migration');
    expect((await call(project, 'up')).outcome).toBe('promoted');
    expect((await project.knex('migrate:latest')).stdout).toContain('Already up to date');
  });

  test('finds an instance with functions in its configuration by its module', async () => {
    const more = `pool: { afterCreate: (connection, done) => { done(); } }`;
    const project = await make(more, 'module: import.meta.url');
    const told = await call(project, 'up', '{ "safe": true }');
    expect(told.outcome).toBe('promoted');
    expect(notesOf(told)).not.toContain('in this process');
  });

  test('says that it rehearses in this process where it cannot do otherwise', async () => {
    const project = await make(`pool: { afterCreate: (connection, done) => { done(); } }`);
    const told = await call(project, 'up', '{ "safe": true }');
    expect(told.outcome).toBe('promoted');
    expect(notesOf(told)).toContain('Rehearsed in this process');
  });

  test('refuses an option that it does not know', async () => {
    const project = await make();
    const { exitCode, stderr } = await project.run(process.execPath, ['migrate.mjs', 'up', '{ "saef": true }']);
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('did you mean safe?')]);
  });
});

test('an instance stands in a configuration, too', async () => {
  const project = await knexFolder(undefined);
  await project.put({
    'db.mjs': `import makeKnex from 'knex'; export const db = makeKnex({ ${project.connection} });`,
    'forerun.config.mjs': `import { knex } from 'forerun/knex'; import { db } from './db.mjs';
export default { source: knex({ knex: db, module: import.meta.url }) };`,
    [`migrations/${first}`]: users,
  });
  const forerun = (...args: string[]): ReturnType<typeof project.run> =>
    project.run(process.execPath, ['node_modules/forerun/bin/forerun.js', ...args]);
  const { exitCode, stdout, stderr } = await forerun('up', '--safe', '--json');
  expect([exitCode, stderr.includes('in this process')]).toEqual([0, false]);
  expect(JSON.parse(stdout)).toMatchObject({ outcome: 'promoted' });
  expect((await forerun('status')).stdout).toContain('1 applied, 0 pending');
});

test('a configuration file names the adapter alone', async () => {
  const project = await knexFolder(undefined);
  await project.put({
    'db/knexfile.js': `module.exports = { client: 'better-sqlite3', connection: { filename: '../app.db' }, useNullAsDefault: true };`,
    [`db/migrations/${first}`]: users,
    'forerun.config.mjs': `import { knex } from 'forerun/knex'; export default { source: knex({ knexfile: 'db/knexfile.js' }) };`,
  });
  const { exitCode } = await project.run(process.execPath, ['node_modules/forerun/bin/forerun.js', 'up', '--safe']);
  expect(exitCode).toBe(0);
  expect(await project.rows('SELECT name FROM knex_migrations')).toEqual([{ name: first }]);
});
