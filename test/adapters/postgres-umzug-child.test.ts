import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startPostgres, type PostgresServer } from '../support/postgres.ts';
import { blocks, deployed } from './fixtures/umzug/deployed.ts';
import { postgresProject } from './fixtures/umzug/postgres.ts';
import { deploy } from './fixtures/umzug/programs.ts';

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server?.stop());

describe('a rehearsal in a child process', () => {
  test('refuses a migration that knows the address of main, and main is untouched', async () => {
    const project = await postgresProject(server);
    await project.put({
      'migrator.mjs': sharing(project.url),
      'deploy.mjs': deploy,
      'migrations/001_a.mjs': running('CREATE TABLE a (i int)'),
      'migrations/002_leak.mjs': `import pg from 'pg';
const pool = new pg.Pool({ connectionString: ${JSON.stringify(project.url)} });
export const up = () => pool.query('CREATE TABLE leaked (i int)');
`,
    });
    const result = await deployed(project);
    expect(result).toMatchObject({ outcome: 'blocked', exitCode: 3 });
    expect(blocks(result)).toEqual([
      '002_leak.mjs: Opening main was refused, because migrations are rehearsed on a branch here. Use the context that a migration is given, or the address in DATABASE_URL. (FORERUN_MAIN_REFUSED)',
    ]);
    expect(await project.tables()).toEqual(['users']);
  });

  test('names a migration that has another program change main, and leaves that to a person', async () => {
    const project = await postgresProject(server);
    await project.put({
      'migrator.mjs': sharing(project.url),
      'deploy.mjs': deploy,
      'elsewhere.mjs': `import pg from 'pg';
const client = new pg.Client({ connectionString: ${JSON.stringify(project.url)} });
await client.connect();
await client.query("INSERT INTO users VALUES (3, 'eve@example.com')");
await client.end();
`,
      'migrations/001_leak.mjs': `import { execFileSync } from 'node:child_process';
export const up = async () => execFileSync(process.execPath, ['elsewhere.mjs']);
`,
    });
    const result = await deployed(project);
    expect(result).toMatchObject({ outcome: 'needs-person', exitCode: 4 });
    expect(result.error?.message).toContain('001_leak.mjs changed data on main while it ran on a branch');
  });

  test.each([
    ['which is their context', 'context: pool', '', 'journalled'],
    ['whatever their context is', '', 'context: (target, connection) => connection, ', 'replay'],
  ])(
    'of migrations on a pool of the application, %s, goes where the environment leads',
    async (_, own, shared, how) => {
      const project = await postgresProject(server);
      await project.put({
        'pool.mjs': "import pg from 'pg';\nexport const pool = new pg.Pool();\n",
        'migrator.mjs': `import { safeUmzug } from 'forerun/umzug';
import { pool } from './pool.mjs';
export const umzug = safeUmzug(
  { migrations: { glob: 'migrations/*.mjs' }, logger: undefined, ${own} },
  { database: ${JSON.stringify(project.url)}, ${shared}module: import.meta.url },
);
`,
        'deploy.mjs': deploy,
        'migrations/001_a.mjs': onPool(
          'CREATE TABLE a (i int)',
          'DROP TABLE a; CREATE TABLE IF NOT EXISTS more (i int)',
        ),
        'migrations/002_b.mjs': onPool('CREATE TABLE b (i int)', 'DROP TABLE b'),
      });
      const { port, hostname, pathname } = new URL(project.url);
      const env = { PGHOST: hostname, PGPORT: port, PGUSER: 'postgres', PGDATABASE: pathname.slice(1) };
      const result = await deployed(project, env);
      expect(result.migrations).toMatchObject([
        { promotion: how, evidence: { down: { restoresSchema: false } } },
        { promotion: how, evidence: { down: { restoresSchema: true } } },
      ]);
      expect(await project.tables()).toEqual(['a', 'b', 'users']);
    },
  );
});

function sharing(url: string): string {
  return `import { safeUmzug } from 'forerun/umzug';
export const umzug = safeUmzug(
  { migrations: { glob: 'migrations/*.mjs' }, logger: undefined },
  { database: ${JSON.stringify(url)}, context: (target, connection) => connection, module: import.meta.url },
);
`;
}

function running(statement: string): string {
  return `export const up = ({ context }) => context.query(${JSON.stringify(statement)});\n`;
}

function onPool(up: string, down: string): string {
  return `import { pool } from '../pool.mjs';
export const up = () => pool.query(${JSON.stringify(up)});
export const down = () => pool.query(${JSON.stringify(down)});
`;
}
