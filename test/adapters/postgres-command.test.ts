import { hostname } from 'node:os';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { RunResult } from '../../src/result.ts';
import { isAlive } from '../../src/process.ts';
import { until } from '../support/cli.ts';
import { startPostgres, type PostgresServer } from '../support/postgres.ts';
import { postgresProject, type CommandProject } from './fixtures/command/project.ts';

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server?.stop());

describe('a command on PostgreSQL', () => {
  test('that does on main what it did not do on the branch is left to a person, until a person says so', async () => {
    const project = await postgresProject(server, {
      'migrate.mjs': script(`await client.query(isMain ? 'CREATE TABLE b (i int)' : 'CREATE TABLE a (i int)');`),
    });
    const result = await migrate(project);
    expect(result).toMatchObject({ outcome: 'needs-person', exitCode: 4 });
    expect(result.error?.message).toContain(
      "main's schema did not become what the branch's became: table public.a is on the branch alone, table public.b is on main alone.",
    );
    const again = await migrate(project);
    expect(again).toMatchObject({ outcome: 'needs-person', exitCode: 4 });
    expect(again.error?.message).toContain('it ran to its end');
    const said = await project.forerun(['baseline', 'node migrate.mjs', '--adapter', 'command']);
    expect(said).toMatchObject({ exitCode: 0 });
    await project.put({ 'migrate.mjs': script('') });
    expect(await migrate(project)).toMatchObject({ outcome: 'nothing-pending', exitCode: 0 });
  });

  test('that fails on main in its middle goes on from there in the next run', async () => {
    const project = await postgresProject(server, {
      'migrate.mjs': script(`await client.query('CREATE TABLE IF NOT EXISTS a (i int)');
if (isMain && !existsSync('failed')) {
  writeFileSync('failed', '');
  process.exit(5);
}
await client.query('CREATE TABLE IF NOT EXISTS b (i int)');`),
    });
    const result = await migrate(project);
    expect(result).toMatchObject({ outcome: 'needs-person', exitCode: 4 });
    expect(result.error?.message).toContain('node migrate.mjs ended with exit code 5');
    expect(result.error?.next).toContain('The next "forerun up --safe" goes on from there.');
    const other = await project.up(['node', 'other.mjs']);
    expect(other).toMatchObject({ exitCode: 4 });
    expect(other.error?.message).toContain('ended in its middle on main, and this run is of something else');
    expect(other.error?.next).toContain('forerun up --safe -- node migrate.mjs');
    const again = await migrate(project);
    expect(again).toMatchObject({ outcome: 'promoted', exitCode: 0 });
    expect(await tables(project)).toEqual(['a', 'b', 'users']);
    expect(await phase(project)).toBe('finished');
  });

  test('that fails on main, having done nothing there, is rolled back', async () => {
    const project = await postgresProject(server, {
      'migrate.mjs': script(`if (isMain) process.exit(5);
await client.query('CREATE TABLE a (i int)');`),
    });
    expect(await migrate(project)).toMatchObject({ outcome: 'rolled-back', exitCode: 3 });
    expect(await phase(project)).toBe('finished');
  });

  test('that ignores the variable is led to the branch by the others, or caught', async () => {
    const project = await postgresProject(server, {
      'migrate.mjs': `import pg from 'pg';
const client = new pg.Client();
await client.connect();
await client.query('CREATE TABLE a (i int)');
await client.end();
`,
      'leak.mjs': '',
    });
    const { port, hostname: host, pathname } = new URL(project.address);
    const env = { PGHOST: host, PGPORT: port, PGUSER: 'postgres', PGDATABASE: pathname.slice(1) };
    expect(await project.up(['node', 'migrate.mjs'], env)).toMatchObject({ outcome: 'promoted' });
    await project.put({
      'leak.mjs': `import pg from 'pg';
const client = new pg.Client({ connectionString: ${JSON.stringify(project.address)} });
await client.connect();
await client.query('CREATE TABLE leaked (i int)');
await client.end();
`,
    });
    const refused = await project.up(['node', 'leak.mjs']);
    expect(refused).toMatchObject({ outcome: 'blocked', exitCode: 3 });
    expect(refused.findings[0]?.message).toContain('Opening main was refused');
    const caught = await project.up(['env', '-u', 'NODE_OPTIONS', 'node', 'leak.mjs']);
    expect(caught).toMatchObject({ outcome: 'needs-person', exitCode: 4 });
    expect(caught.error?.message).toContain("node leak.mjs ran on a branch, main's schema was changed");
  });

  test('that nothing keeps from main, beside an application, has what was written there counted', async () => {
    const project = await postgresProject(server, {
      'leak.mjs': `import pg from 'pg';
for (const [address, sql] of JSON.parse(process.argv[2])) {
  const client = new pg.Client({ connectionString: address ?? process.env.DATABASE_URL });
  await client.connect();
  await client.query(sql);
  await client.end();
}
`,
    });
    const application = new Client({ connectionString: project.address });
    await application.connect();
    onTestFinished(() => application.end());
    await application.query('SELECT count(*) FROM users');
    const steps = [
      [null, 'CREATE TABLE a (i int)'],
      [project.address, "INSERT INTO users VALUES (9, 'x'), (10, 'y')"],
    ];
    const words = ['env', '-u', 'NODE_OPTIONS', 'node', 'leak.mjs', JSON.stringify(steps)];
    const result = await project.json(['gate', '--', ...words]);
    expect(result.findings.find(({ gate }) => gate === 'isolation')?.message).toContain(
      'Written as far as is counted: 2 rows of public.users.',
    );
  });
});

describe('a run that is interrupted while its command works on main', () => {
  test('ends it, says where main is, and the next run goes on', async () => {
    const project = await postgresProject(server, {
      'migrate.mjs': script(`await client.query('CREATE TABLE IF NOT EXISTS a (i int)');
if (isMain && !existsSync('interrupted')) {
  writeFileSync('interrupted', '');
  await client.query('SELECT pg_sleep(600)');
}
await client.query('CREATE TABLE IF NOT EXISTS b (i int)');`),
    });
    const running = project.start(['up', '--safe', '--json', '--', 'node', 'migrate.mjs']);
    const name = new URL(project.address).pathname.slice(1);
    const working = `SELECT FROM pg_stat_activity WHERE datname = '${name}' AND query LIKE '%pg_sleep%' AND pid <> pg_backend_pid()`;
    await until(async () => (await server.query(working)).length > 0);
    running.signal('SIGTERM');
    const { exitCode, stdout } = await running.ended;
    expect(exitCode).toBe(4);
    const { error } = JSON.parse(stdout) as RunResult;
    expect(error?.message).toContain('node migrate.mjs ran on main without a transaction of ours, and failed');
    expect(error?.next).toContain('The next "forerun up --safe" goes on from there.');
    expect(await migrate(project)).toMatchObject({ outcome: 'promoted', exitCode: 0 });
    expect(await tables(project)).toEqual(['a', 'b', 'users']);
    expect(await server.query(working)).toEqual([]);
  });
});

describe('a run that is killed while its command works on main', () => {
  const hanging = script(`await client.query('CREATE TABLE IF NOT EXISTS a (i int)');
if (isMain && !existsSync('killed')) {
  process.on('SIGTERM', () => {});
  writeFileSync('killed', '');
  await client.query('SELECT pg_sleep(600)');
}
await client.query('CREATE TABLE IF NOT EXISTS b (i int)');`);

  test.each([
    ['has its command ended by the keeper', false],
    ['has its command ended by the next run, where the keeper is killed, too', true],
  ])('%s, and the next run finishes', async (_, andKeeper) => {
    const project = await postgresProject(server, { 'migrate.mjs': hanging });
    const running = project.start(['up', '--safe', '--', 'node', 'migrate.mjs']);
    const name = new URL(project.address).pathname.slice(1);
    const working = (): Promise<Record<string, unknown>[]> =>
      server.query(
        `SELECT application_name AS name FROM pg_stat_activity WHERE datname = '${name}' AND query LIKE '%pg_sleep%' AND pid <> pg_backend_pid()`,
      );
    await until(async () => (await working()).length > 0);
    const { pid, run, children } = await journal(project);
    expect(await working()).toEqual([{ name: `forerun:${run} program` }]);
    const keeper = children?.[0]?.pid ?? 0;
    process.kill(pid, 'SIGKILL');
    running.signal('SIGKILL');
    if (andKeeper) process.kill(keeper, 'SIGKILL');
    await running.ended;
    if (andKeeper) expect(await working()).toHaveLength(1);
    else await until(() => !isAlive({ pid: keeper, host: hostname() }));

    const again = await migrate(project);
    expect(again).toMatchObject({ outcome: 'promoted', exitCode: 0 });
    expect(again.findings.map(({ message }) => message)).toContain(
      'An earlier run ended in its middle; it is rehearsed anew from where main is, and goes on.',
    );
    expect(await working()).toEqual([]);
    expect(await tables(project)).toEqual(['a', 'b', 'users']);
    expect(await phase(project)).toBe('finished');
  });
});

interface Journal {
  readonly pid: number;
  readonly run: string;
  readonly phase: string;
  readonly children?: readonly { readonly pid: number }[];
}

/** A program that knows whether it works on main: there is no `isMain` in an address, but in the name of a session. */
function script(body: string): string {
  return `import { existsSync, writeFileSync } from 'node:fs';
import pg from 'pg';
const client = new pg.Client({ connectionString: process.env.DATABASE_URL });
const isMain = process.env.PGAPPNAME !== undefined;
await client.connect();
${body}
await client.end();
`;
}

function migrate(project: CommandProject): ReturnType<CommandProject['up']> {
  return project.up(['node', 'migrate.mjs']);
}

async function tables(project: CommandProject): Promise<unknown[]> {
  return project.read(
    `SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname NOT LIKE '\\_%' ORDER BY relname`,
  );
}

async function journal(project: CommandProject): Promise<Journal> {
  const [entry] = await project.read('SELECT entry FROM _forerun_journal');
  return JSON.parse(String(entry)) as Journal;
}

async function phase(project: CommandProject): Promise<string> {
  return (await journal(project)).phase;
}
