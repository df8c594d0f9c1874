import { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startPostgres, type PostgresServer } from '../support/postgres.ts';
import { startPooler, type Pooler } from '../support/postgres/pooler.ts';
import { leftBehind, newPostgresProject, type PostgresProject } from '../support/postgres/project.ts';

describe('PgBouncer before the server', { timeout: 120_000 }, () => {
  let server: PostgresServer;
  let project: PostgresProject;
  beforeAll(async () => {
    server = await startPostgres();
    await server.createDatabase('shop');
    await server.query('CREATE TABLE notes AS SELECT 1 AS id', 'shop');
  });
  afterAll(() => server?.stop());
  beforeEach(async () => {
    project = await newPostgresProject();
    await project.migration('001_level.sql', 'ALTER TABLE notes ADD COLUMN level integer');
    await project.migration('002_index.sql', 'CREATE INDEX CONCURRENTLY notes_level ON notes (level)');
  });
  const address = ({ port }: Pooler): string => `postgres://postgres@127.0.0.1:${port}/shop`;

  test('in transaction mode is refused by every verb, with the reason, and nothing is left in the sessions of others', async () => {
    await using pooler = await startPooler(server, 'transaction');
    await server.query("ALTER DATABASE shop SET statement_timeout = '7s'");
    const application = new Client({ connectionString: address(pooler) });
    application.on('error', () => {});
    await application.connect();
    const settings = `SELECT current_setting('statement_timeout') AS limit, current_setting('search_path') AS path,
      current_setting('client_connection_check_interval') AS check, pg_backend_pid() AS pid`;
    const { rows: before } = await application.query(settings);
    for (const [verb, exitCode] of [
      [['status'], 2],
      [['doctor'], 1],
      [['gate'], 2],
      [['up', '--safe'], 2],
      [['up'], 2],
    ] as const) {
      const { exitCode: ended, stdout, stderr } = await project.forerun(address(pooler), verb);
      expect(stdout + stderr, verb[0]).toMatch(
        /a connection pooler in transaction mode.*Give the address of the server itself/s,
      );
      expect(ended, verb[0]).toBe(exitCode);
    }
    // Of these copies are read alone, which does no harm.
    expect((await project.forerun(address(pooler), ['checkpoints'])).exitCode).toBe(0);
    const { rows: after } = await application.query(settings);
    expect(after).toEqual(before);
    expect(after).toMatchObject([{ limit: '7s', path: '"$user", public', check: '0' }]);
    await application.end();
    // The pooler keeps them, by the name of whoever had them last.
    await pooler[Symbol.asyncDispose]();
    await server.query('ALTER DATABASE shop RESET statement_timeout');
    expect(await leftBehind(server, project)).toEqual([]);
    expect(
      await server.query("SELECT FROM pg_class WHERE relname LIKE '%forerun%' OR relname ~ 'history'", 'shop'),
    ).toEqual([]);
  });

  test('in session mode can be looked through, and is refused where copies are made behind it, with the reason', async () => {
    await using pooler = await startPooler(server, 'session');
    const status = await project.forerun(address(pooler), ['status']);
    expect(status.exitCode, status.stderr).toBe(0);
    for (const verb of [['gate'], ['up', '--safe'], ['up', '--safe', '--provider', 'template'], ['doctor']]) {
      const { exitCode, stdout, stderr } = await project.forerun(address(pooler), verb);
      expect(stdout + stderr, verb[0]).toMatch(
        /a connection pooler, which keeps sessions open in databases that are to be copied/,
      );
      expect(stdout + stderr, verb[0]).toMatch(/branchServer/);
      expect(exitCode, verb[0]).toBe(1);
    }
    const databases = await server.query("SELECT datname FROM pg_database WHERE datname LIKE 'forerun%'");
    expect(databases).toEqual([]);
  });

  test("in session mode is migrated through, where copies are made by the server's own address", async () => {
    await using pooler = await startPooler(server, 'session');
    await project.config(
      (dist) => `import { dump } from '${dist}/providers/dump.js';
      export default { provider: dump({ branchServer: '${server.url()}' }) };`,
    );
    const result = await project.json(address(pooler), ['up', '--safe']);
    expect(result.error).toBeUndefined();
    expect(result.migrations.map(({ promotion }) => promotion)).toEqual(['replay', 'journalled']);
    expect(await server.query('SELECT name FROM _schema_history ORDER BY 1', 'shop')).toHaveLength(2);
  });
});
