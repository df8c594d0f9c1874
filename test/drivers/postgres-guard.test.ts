import { chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { postgres } from '../../src/drivers/postgres.ts';
import { startPostgres, type PostgresServer } from '../support/postgres.ts';
import { programs } from '../support/postgres/programs.ts';
import { postgresProject } from '../adapters/fixtures/umzug/postgres.ts';
import { clients, others } from './fixtures/postgres-clients.ts';

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
    'other.mjs': others,
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
  const environment = async (): Promise<Readonly<Record<string, string | undefined>>> => {
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
