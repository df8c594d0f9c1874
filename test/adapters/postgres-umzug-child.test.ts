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
export const up = async () => execFileSync(process.execPath, ['elsewhere.mjs'], { env: { ...process.env, NODE_OPTIONS: '' } });
`,
    });
    const result = await deployed(project);
    expect(result).toMatchObject({ outcome: 'needs-person', exitCode: 4 });
    expect(result.error?.message).toContain('While 001_leak.mjs ran on a branch, main was written');
  });

  test('of what cannot be in a transaction says how to give it a connection of its own', async () => {
    const project = await postgresProject(server);
    await project.put({
      'migrator.mjs': sharing(project.url),
      'deploy.mjs': deploy,
      'migrations/001_index.mjs':
        "export const up = ({ context }) => context.query('CREATE INDEX CONCURRENTLY by_email ON users (email)');\n",
    });
    const result = await deployed(project);
    expect(result).toMatchObject({ outcome: 'blocked', exitCode: 3 });
    expect(blocks(result)).toEqual([
      expect.stringContaining(
        'Have it open one of its own: context: (target) => …, with the address in target.variable.',
      ),
    ]);
  });

  test('of migrations on a plain pool of the application goes where the environment leads', async () => {
    const project = await postgresProject(server);
    await project.put({
      'pool.mjs': "import pg from 'pg';\nexport const pool = new pg.Pool();\n",
      'migrator.mjs': `import { safeUmzug } from 'forerun/umzug';
import { pool } from './pool.mjs';
export const umzug = safeUmzug(
  { migrations: { glob: 'migrations/*.mjs' }, logger: undefined, context: pool },
  { database: ${JSON.stringify(project.url)}, module: import.meta.url },
);
`,
      'deploy.mjs': deploy,
      'migrations/001_a.mjs': `import { pool } from '../pool.mjs';
export const up = () => pool.query('CREATE TABLE a (i int)');
export const down = () => pool.query('DROP TABLE a');
`,
    });
    const { port, hostname, pathname } = new URL(project.url);
    const env = { PGHOST: hostname, PGPORT: port, PGUSER: 'postgres', PGDATABASE: pathname.slice(1) };
    const result = await deployed(project, env);
    expect(result.migrations).toMatchObject([
      { promotion: 'journalled', evidence: { down: { restoresSchema: true, restoresData: true } } },
    ]);
    expect(await project.tables()).toEqual(['a', 'users']);
  });

  test('lets go of the branch before it is copied, where the application has a pool open on it', async () => {
    const project = await postgresProject(server);
    await project.put({
      'migrator.mjs': `import pg from 'pg';
import { safeUmzug } from 'forerun/umzug';
import { template } from 'forerun/template';
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL });
// In the child process alone, so that main can be copied.
if (process.env.DATABASE_URL !== undefined) await pool.query('SELECT 1');
export const umzug = safeUmzug(
  { migrations: { glob: 'migrations/*.mjs' }, logger: undefined },
  {
    database: ${JSON.stringify(project.url)},
    // Less than a child process is kept for.
    provider: template({ aloneWaitMs: 600 }),
    context: (target, connection) => connection,
    module: import.meta.url,
  },
);
`,
      'deploy.mjs': deploy,
      'migrations/001_a.mjs': running('CREATE TABLE a (i int)'),
      'migrations/002_b.mjs': running('CREATE TABLE b (i int)'),
      // To try its down, the branch is copied.
      'migrations/003_c.mjs': `${running('CREATE TABLE c (i int)')}export const down = ({ context }) => context.query('DROP TABLE c');\n`,
    });
    const result = await deployed(project);
    expect(result).toMatchObject({ outcome: 'promoted' });
    expect(result.migrations[2]).toMatchObject({ evidence: { down: { restoresSchema: true } } });
  });
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
