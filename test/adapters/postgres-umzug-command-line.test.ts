import { afterAll, beforeAll, expect, test } from 'vitest';
import { startPostgres, type PostgresServer } from '../support/postgres.ts';
import { postgresProject } from './fixtures/umzug/postgres.ts';
import { commandLine } from './fixtures/umzug/programs.ts';

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server?.stop());

const migrator = `import { safeUmzug } from 'forerun/umzug';
export const umzug = safeUmzug(
  { migrations: { glob: 'migrations/*.mjs' }, logger: undefined },
  { database: process.env.DATABASE_URL, context: (target, connection) => connection },
);
`;

function running(...statements: readonly string[]): string {
  const calls = statements.map((statement) => `  await context.query(${JSON.stringify(statement)});\n`);
  return `export const up = async ({ context }) => {\n${calls.join('')}};\n`;
}

test.each([
  ['npm run migrate:up -- --safe', ['CREATE TABLE a (i int)']],
  ['npm run migrate:up --safe', ['BEGIN', 'CREATE TABLE a (i int)', 'COMMIT']],
])('%s promotes what passes, and leaves main alone where something fails', async (command, statements) => {
  const args = command.split(' ').slice(1);
  const project = await postgresProject(server, {
    'package.json': JSON.stringify({ type: 'module', scripts: { 'migrate:up': 'node migrate.mjs up' } }),
    'migrator.mjs': migrator,
    'migrate.mjs': commandLine,
    'migrations/001_a.mjs': running(...statements),
  });
  const env = { DATABASE_URL: project.url };
  const first = await project.run('npm', args, env);
  expect([first.exitCode, first.stdout]).toEqual([0, expect.stringContaining('1 migration promoted')]);
  expect(await project.read('SELECT name FROM _schema_history')).toEqual(['001_a.mjs']);

  await project.put({
    'migrations/002_bad.mjs': running(
      'CREATE TABLE half (i int)',
      'ALTER TABLE users ALTER email TYPE int USING email::int',
    ),
  });
  const second = await project.run('npm', args, env);
  expect(second.exitCode).toBe(3);
  expect(second.stdout).toMatch(
    /002_bad\.mjs \[applies\]\n +invalid input syntax for type integer: "…" \(22P02\)\n +migrations\/002_bad\.mjs:3\n/,
  );
  expect(second.stdout).toContain('Main is as it was');
  expect(second.stdout + second.stderr).not.toContain('alice');
  expect(await project.tables()).toEqual(['a', 'users']);
});

test('a plain up whose migration ends our transaction exits with 4, and says where main is', async () => {
  const project = await postgresProject(server, {
    'migrator.mjs': migrator,
    'migrate.mjs': commandLine,
    'migrations/001_a.mjs': running('CREATE TABLE a (i int)', 'COMMIT'),
  });
  const { exitCode, stdout, stderr } = await project.run('node', ['migrate.mjs', 'up'], { DATABASE_URL: project.url });
  expect([exitCode, stdout + stderr]).toEqual([4, expect.stringContaining('a part of it may be committed')]);
});

test('of three instances that start at once, one migrates, and the others wait and find nothing to do', async () => {
  const project = await postgresProject(server, {
    'server.mjs': `import { readdirSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { template } from 'forerun/template';
import { safeUmzug } from 'forerun/umzug';
const database = process.env.DATABASE_URL;
const isWaiting = (name) => name.startsWith('waiting-');
const umzug = safeUmzug(
  {
    migrations: ['001_a', '002_b'].map((name) => ({
      name,
      async up({ context: { client, target } }) {
        await client.query('CREATE TABLE t' + name + ' (i int)');
        while (target.variable === database && readdirSync('.').filter(isWaiting).length < 2) await sleep(20);
      },
    })),
    logger: undefined,
  },
  {
    database,
    // Whoever waits must not keep main from being copied.
    provider: template(),
    lockWaitSeconds: 300,
    context: (target, client) => ({ client, target }),
  },
);
const result = await umzug.safeUp({
  onEvent: ({ type }) => void (type === 'lock:waiting' && writeFileSync('waiting-' + process.pid, '')),
});
console.log(result.outcome);
process.exitCode = result.exitCode;
`,
  });
  const start = (): ReturnType<typeof project.run> =>
    project.run('node', ['server.mjs'], { DATABASE_URL: project.url });
  const ended = await Promise.all([start(), start(), start()]);
  expect(ended.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0]);
  expect(ended.map(({ stdout }) => stdout).toSorted()).toEqual(['nothing-pending', 'nothing-pending', 'promoted']);
  expect(await project.tables()).toEqual(['t001_a', 't002_b', 'users']);
  expect(await project.read('SELECT name FROM _schema_history ORDER BY 1')).toEqual(['001_a', '002_b']);
});
