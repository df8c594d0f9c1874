import { chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { postgres } from '../../src/drivers/postgres.ts';
import { startPostgres, type PostgresServer } from '../support/postgres.ts';
import { programs } from '../support/postgres/programs.ts';
import { blocks, deployed } from './fixtures/umzug/deployed.ts';
import { deploy } from './fixtures/umzug/programs.ts';
import { postgresProject } from './fixtures/umzug/postgres.ts';

let folder: string;
let server: PostgresServer;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'forerun-tls-'));
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
  await execa('openssl', [
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-subj',
    '/CN=localhost',
    '-keyout',
    key,
    '-out',
    certificate,
  ]);
  const { as } = await programs(15);
  for (const path of [folder, key, certificate]) if (as.uid !== undefined) await chown(path, as.uid, as.gid ?? as.uid);
  server = await startPostgres({ settings: { ssl: 'on', ssl_key_file: key, ssl_cert_file: certificate } });
});
afterAll(async () => {
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Tries to get at a database in every way that it knows, and prints what came of each. */
const clients = `import net from 'node:net';
import { postgres as driverOf } from 'forerun/postgres';
const [main, branch, socket] = process.argv.slice(2);
const driver = driverOf();
const { module, what } = await driver.guard(driver.target(main), driver.target(branch));
(await import(module)).guard(JSON.parse(JSON.stringify(what)), 'REFUSED');

const { default: pg } = await import('pg');
const { default: knex } = await import('knex');
const { default: postgres } = await import('postgres');
const { Sequelize } = await import('sequelize');
const query = 'SELECT current_database() AS name';
const byPg = async (options) => {
  const client = new pg.Client(options);
  try {
    await client.connect();
    return (await client.query(query)).rows[0].name;
  } finally {
    await client.end().catch(() => {});
  }
};
const ways = {
  pg: (url) => byPg({ connectionString: url }),
  'pg by TLS': (url) => byPg({ connectionString: url, ssl: { rejectUnauthorized: false } }),
  'pg by a name of the host': (url) => byPg({ connectionString: url.replace('127.0.0.1', 'localhost') }),
  'a pool of pg': async (url) => {
    const pool = new pg.Pool({ connectionString: url });
    return pool.query(query).then(({ rows }) => rows[0].name).finally(() => pool.end());
  },
  knex: async (url) => {
    const db = knex({ client: 'pg', connection: url });
    return db.raw(query).then(({ rows }) => rows[0].name).finally(() => db.destroy());
  },
  sequelize: async (url) => {
    const db = new Sequelize(url, { logging: false });
    return db.query(query).then(([rows]) => rows[0].name).finally(() => db.close());
  },
  'postgres.js': async (url) => {
    const sql = postgres(url, { max: 1 });
    return sql.unsafe(query).then((rows) => rows[0].name).finally(() => sql.end());
  },
  'postgres.js by TLS': async (url) => {
    const sql = postgres(url, { max: 1, ssl: { rejectUnauthorized: false } });
    return sql.unsafe(query).then((rows) => rows[0].name).finally(() => sql.end());
  },
  'a socket that is written to before it is connected': async (url) => {
    const { hostname, port, pathname } = new URL(url);
    const body = Buffer.from('\\0\\x03\\0\\0user\\0postgres\\0database\\0' + pathname.slice(1) + '\\0\\0');
    const length = Buffer.alloc(4);
    length.writeInt32BE(body.length + 4);
    return new Promise((resolve, reject) => {
      const socket = net.connect(Number(port), hostname);
      socket.once('error', reject).once('data', () => (socket.destroy(), resolve(pathname.slice(1))));
      socket.write(Buffer.concat([length, body]));
    });
  },
};
const answers = {};
for (const [name, way] of Object.entries(ways)) {
  answers[name] = [];
  for (const url of [main, branch]) answers[name].push(await way(url).catch((error) => error.message || error.code));
}
answers['pg by the socket'] = [await byPg({ connectionString: socket }).catch((error) => error.message)];
console.log(JSON.stringify(answers));
process.exit();
`;

test('every client of a process that is guarded gets to the branch, and none to main', async () => {
  const project = await postgresProject(server, { 'clients.mjs': clients });
  const main = new URL(project.url).pathname.slice(1);
  const branch = await server.createDatabase();
  const { stdout, stderr } = await project.run('node', ['clients.mjs', project.url, branch, server.socketUrl(main)]);
  expect(stderr).toBe('');
  const { 'pg by the socket': bySocket, ...ways } = JSON.parse(stdout.split('\n').at(-1) ?? '') as Record<
    string,
    string[]
  >;
  expect(bySocket).toEqual(['REFUSED']);
  expect(Object.keys(ways)).toHaveLength(9);
  for (const [way, answers] of Object.entries(ways))
    expect([way, ...answers]).toEqual([way, 'REFUSED', new URL(branch).pathname.slice(1)]);
});

test('a database of that name on another server is nobody to keep from', async () => {
  await using other = await startPostgres({ version: 18 });
  const project = await postgresProject(server, {
    'other.mjs': `import pg from 'pg';
import { postgres } from 'forerun/postgres';
const [main, branch, ...others] = process.argv.slice(2);
const driver = postgres();
const { module, what } = await driver.guard(driver.target(main), driver.target(branch));
(await import(module)).guard(what, 'REFUSED');
for (const connectionString of others) {
  const client = new pg.Client({ connectionString });
  await client.connect();
  console.log((await client.query('SHOW server_version_num')).rows[0].server_version_num.slice(0, 2));
  await client.end();
}
`,
  });
  const name = new URL(project.url).pathname.slice(1);
  const addresses = [await other.createDatabase(name), other.socketUrl(name)];
  const { stdout } = await project.run('node', ['other.mjs', project.url, await server.createDatabase(), ...addresses]);
  expect(stdout).toBe('18\n18');
});

describe('the environment of a process that is guarded', () => {
  const databases = async (): Promise<readonly string[]> => [
    await server.createDatabase(),
    await server.createDatabase(),
  ];
  const environment = async (): Promise<Readonly<Record<string, string>>> => {
    const driver = postgres();
    const guard = await driver.guard?.(driver.target(main), driver.target(branch));
    return guard?.env ?? {};
  };
  let main: string;
  let branch: string;
  beforeEach(async () => {
    [main = '', branch = ''] = await databases();
  });
  afterEach(() => vi.unstubAllEnvs());

  test('leads to the branch wherever it led to main', async () => {
    vi.stubEnv('DIRECT_URL', `${main}?application_name=shop`);
    vi.stubEnv('BY_NAME_URL', main.replace('127.0.0.1', 'localhost').replace('postgres@', 'somebody:secret@'));
    vi.stubEnv('OTHER_URL', server.url());
    vi.stubEnv('PGHOST', 'localhost');
    vi.stubEnv('PGPORT', String(server.port));
    vi.stubEnv('PGUSER', 'postgres');
    vi.stubEnv('PGDATABASE', new URL(main).pathname.slice(1));
    expect(await environment()).toEqual({
      DIRECT_URL: `${branch}?application_name=shop`,
      BY_NAME_URL: branch.replace('127.0.0.1', 'localhost').replace('postgres@', 'somebody:secret@'),
      PGHOST: '127.0.0.1',
      PGPORT: String(server.port),
      PGUSER: 'postgres',
      PGDATABASE: new URL(branch).pathname.slice(1),
    });
  });

  test('stays as it is where it led to another database', async () => {
    vi.stubEnv('PGHOST', '127.0.0.1');
    vi.stubEnv('PGPORT', String(server.port));
    vi.stubEnv('PGDATABASE', 'postgres');
    expect(await environment()).toEqual({});
  });
});

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
