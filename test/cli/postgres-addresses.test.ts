import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startPostgres, type PostgresServer } from '../support/postgres.ts';
import { leftBehind, newPostgresProject, type PostgresProject } from '../support/postgres/project.ts';

describe('an address of a PostgreSQL database', { timeout: 120_000 }, () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres({ hba: ['host all guarded 127.0.0.1/32 scram-sha-256'] });
    await server.query("CREATE ROLE guarded LOGIN CREATEDB PASSWORD 'S3cret/pw'");
  });
  afterAll(() => server?.stop());

  const newMain = async (name: string): Promise<PostgresProject> => {
    await server.query(`CREATE DATABASE "${name}" OWNER guarded`);
    await server.query('CREATE TABLE notes AS SELECT 1 AS id; ALTER TABLE notes OWNER TO guarded', name);
    const project = await newPostgresProject();
    await project.migration('001_level.sql', 'ALTER TABLE notes ADD COLUMN level integer');
    return project;
  };

  /** By pg_dump, which has defaults of its own. */
  const promoted = async (
    project: PostgresProject,
    database: string,
    address: string,
    env: Readonly<Record<string, string>> = {},
  ): Promise<void> => {
    const { exitCode, stdout, stderr } = await project.forerun(address, ['up', '--safe', '--provider', 'dump'], env);
    expect(exitCode, stderr).toBe(0);
    expect(`${stdout}${stderr}${await project.kept()}`).not.toMatch(/S3cret/);
    expect(await server.query('SELECT level FROM notes', database)).toEqual([{ level: null }]);
    const left = await leftBehind(server, project);
    expect(left.filter((what) => !String(what).startsWith('database forerun_cp_'))).toEqual([]);
    for (const what of left) await server.query(`DROP DATABASE "${String(what).slice('database '.length)}"`);
  };

  test("may leave host, port, user and password to the environment, which nothing else changes for pg's programs", async () => {
    const project = await newMain('by environment');
    const [services, passwords] = [join(project.root, 'services.conf'), join(project.root, 'pgpass')];
    await writeFile(services, '[elsewhere]\nhost=127.0.0.9\nport=1\ndbname=elsewhere\n');
    await writeFile(passwords, `127.0.0.1:${server.port}:*:guarded:S3cret/pw\n`, { mode: 0o600 });
    await promoted(project, 'by environment', 'postgresql:///by%20environment', {
      PGHOST: '127.0.0.1',
      PGPORT: String(server.port),
      PGUSER: 'guarded',
      PGPASSFILE: passwords,
      PGSERVICE: 'elsewhere',
      PGSERVICEFILE: services,
      PGHOSTADDR: '127.0.0.9',
      PGDATABASE: 'elsewhere',
    });
  });

  test('may name the folder of a socket and the database behind the question mark, whatever the database is called', async () => {
    const name = "a/b?c=d#e&f 100% it's";
    const project = await newMain(name);
    const params = new URLSearchParams({ host: server.socketFolder, port: String(server.port), user: 'guarded' });
    await promoted(project, name, `postgres:///?${params.toString()}&dbname=${encodeURIComponent(name)}`);
  });

  test('may have a password with special characters, escaped, which no output shows and no command that is advised', async () => {
    const project = await newMain('with_password');
    const address = `POSTGRES://guarded:S3cret%2Fpw@127.0.0.1:${server.port}/with_password?sslmode=disable`;
    const status = await project.forerun(address, ['status']);
    expect(status.stdout).toContain(
      `--database 'POSTGRES://guarded@127.0.0.1:${server.port}/with_password?sslmode=disable'`,
    );
    await promoted(project, 'with_password', address);
  });

  test.each([
    ['host=/tmp dbname=x password=S3cret', 2, /in keywords .* is not read.*Give it as postgres:\/\/user@host/s],
    ['service=prod', 2, /in keywords .* is not read/],
    ['postgress://u:S3cret@127.0.0.1/d', 2, /No driver knows the address postgress:\/\/… \(did you mean postgres\?\)/],
    ['postgresql+psycopg://u:S3cret@h/d', 2, /No driver knows the address postgresql\+psycopg:\/\/…/],
    ['postgres:u:S3cret@h/d', 2, /begins with postgres: is no PostgreSQL database/],
    ['postgres://u:S3#cret@h/d', 2, /cannot be read.*percent-encoded/s],
    ['postgres://u:S3cret%de@h/d', 2, /cannot be read as an address.*percent-encoded/s],
    ['postgres://u:S3?cret@h:1/d', 2, /no port number.*percent-encoded/s],
    ['postgres://u@h:70000/d', 2, /no port number between 1 and 65535/],
    ['postgres://u@one:5432,two:5432/d', 2, /names several hosts, and pg connects to one.*primary/s],
    ['postgres://u@/d?host=one,two', 2, /names several hosts/],
    ['postgres://u@h/d?service=prod', 2, /names a service, which pg does not read/],
    ['postgres://u@h/d?hostaddr=127.0.0.1', 2, /names a hostaddr/],
    ['postgres://', 2, /names no database.*postgres:\/\/user@host:5432\/database/s],
    ['postgres://u@127.0.0.1:1/d', 1, /UNREACHABLE.*ECONNREFUSED.*Check host and port/s],
    ['postgres://u@nowhere.invalid/d', 1, /UNREACHABLE.*nowhere\.invalid.*Check host and port/s],
    ['postgres:///d?host=/nowhere', 1, /UNREACHABLE.*\/nowhere\/\.s\.PGSQL\.5432.*Check host and port/s],
  ])('%s: exit code %i, and why', async (address, exitCode, words) => {
    const project = await newPostgresProject();
    const answer = await project.forerun(address, ['status']);
    const said = `${answer.stdout}${answer.stderr}`;
    expect(said).toMatch(words);
    expect(said).not.toContain('S3');
    expect(answer.exitCode).toBe(exitCode);
  });

  test.each([
    ['prefer', /does not support SSL.*sslmode=disable/s],
    ['verify-full&sslrootcert=/nowhere/root.crt', /\/nowhere\/root\.crt.*files that the address names/s],
  ])('of a server without TLS: sslmode=%s says what to do, and nothing of the client library', async (mode, words) => {
    const project = await newPostgresProject();
    const answer = await project.forerun(`${server.url()}?sslmode=${mode}`, ['status']);
    expect(answer.stderr).toMatch(words);
    expect(answer.stderr).not.toContain('Warning');
    expect(answer.exitCode).toBe(2);
  });
});
