import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startPostgres, type PostgresServer } from '../support/postgres.ts';
import { newPostgresProject } from '../support/postgres/project.ts';
import { forgetCheckpoints } from './fixtures/postgres-owned.ts';

/** What a role of an application may have, of what could come between us and our work. */
const settings = `statement_timeout = '700ms'
  lock_timeout = '100ms'
  idle_in_transaction_session_timeout = '300ms'
  idle_session_timeout = '900ms'
  default_transaction_isolation = 'serializable'
  default_transaction_deferrable = on
  row_security = off
  quote_all_identifiers = on
  standard_conforming_strings = off
  client_encoding = 'LATIN1'
  client_min_messages = 'error'
  bytea_output = 'escape'
  datestyle = 'German'
  intervalstyle = 'sql_standard'
  timezone = 'Asia/Tokyo'
  extra_float_digits = -5
  search_path = 'app'`;

describe('settings of a role', { timeout: 120_000 }, () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
    await server.query('CREATE ROLE tight LOGIN CREATEDB');
    for (const setting of settings.split('\n')) await server.query(`ALTER ROLE tight SET ${setting}`);
    await server.query('CREATE DATABASE shop OWNER tight');
    await server.query(
      `SET search_path = public; CREATE SCHEMA app AUTHORIZATION tight; SET ROLE tight;
       CREATE TABLE app.notes (id integer PRIMARY KEY, at timestamptz, body bytea, price float8);
       INSERT INTO app.notes SELECT n, now(), '\\x00ff', n / 3.0 FROM generate_series(1, 50) AS n`,
      'shop',
    );
  });
  afterAll(() => server?.stop());

  test.each(['template', 'dump'])('end none of our work, with copies by %s', async (provider) => {
    const address = server.url('shop').replace('postgres@', 'tight@');
    const project = await newPostgresProject();
    await project.migration(
      '001_slow.sql',
      `ALTER TABLE notes ADD COLUMN ${provider} integer; SELECT pg_sleep(1); UPDATE notes SET ${provider} = 1;
       CREATE TABLE made_by_${provider} (id integer DEFAULT 1, at timestamptz DEFAULT '2026-01-31 12:00:00+00')`,
    );
    await project.migration('002_index.sql', `CREATE INDEX CONCURRENTLY notes_${provider} ON notes (${provider})`);
    await project.migration('003_lossy.sql', 'DELETE FROM notes WHERE id = 1');
    const lossy = await project.json(address, ['gate', '--provider', provider]);
    expect(lossy.findings.map(({ message }) => message).join('\n')).toMatch(
      /1 row of app\.notes is gone \(it had 50 and has 49\)/,
    );
    await project.migration('003_lossy.sql', 'SELECT 1');
    const result = await project.json(address, ['up', '--safe', '--provider', provider]);
    expect(result.error).toBeUndefined();
    expect(result.migrations.map(({ promotion }) => promotion)).toEqual(['replay', 'journalled', 'replay']);
    // Moments are told to the millisecond, and names as they are everywhere.
    const lock = result.migrations[0]?.evidence.locks?.find(({ relation }) => relation === 'app.notes');
    expect(lock?.heldMs).toBeGreaterThan(1000);
    expect(lock?.heldMs).not.toBe(Math.round((lock?.heldMs ?? 0) / 1000) * 1000);
    // The history is not where the role's own tables are.
    expect(
      await server.query(`SELECT schemaname AS schema FROM pg_tables WHERE tablename = 'made_by_${provider}'`, 'shop'),
    ).toEqual([{ schema: 'app' }]);
    expect(await server.query(`SELECT count(*)::int AS n FROM public._schema_history`, 'shop')).toEqual([{ n: 3 }]);
    const checkpoint = result.migrations[0]?.checkpoint ?? '';
    const back = await project.forerun(address, ['rollback', checkpoint, '--yes', '--provider', provider]);
    expect(back.exitCode, back.stderr).toBe(0);
    await forgetCheckpoints(server);
  });

  test('that make every transaction read-only are named, with what to do', async () => {
    await server.query(
      'CREATE ROLE reading LOGIN SUPERUSER; ALTER ROLE reading SET default_transaction_read_only = on',
    );
    const project = await newPostgresProject();
    const address = server.url('shop').replace('postgres@', 'reading@');
    const { exitCode, stderr } = await project.forerun(address, ['up', '--safe']);
    expect(stderr).toMatch(/read-only by its settings.*ALTER ROLE … SET default_transaction_read_only = off/s);
    expect(exitCode).toBe(2);
    expect((await project.forerun(address, ['status'])).exitCode).toBe(0);
  });
});
