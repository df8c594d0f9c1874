import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PostgresClient } from '../../src/drivers/postgres.ts';
import { failure, recorded } from '../contracts/driver/world.ts';
import { startPostgres, type PostgresServer } from '../support/postgres.ts';
import { testMain } from './fixtures/postgres-main.ts';

describe.each([15, 18] as const)('on PostgreSQL %i', (version) => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres({ version });
  });
  afterAll(() => server?.stop());

  test('values come as they are: integers as numbers where these hold them, times with their microseconds', async () => {
    const { driver, target } = await testMain(server);
    await using connection = await driver.open(target);
    const sql = `SELECT 1::int8 AS one, 9007199254740993::int8 AS large, 1.5::float8 AS half, 0.1::numeric AS exact, true AS yes,
      '2026-11-20 10:00:00.123456+00'::timestamptz AT TIME ZONE 'UTC' AS at, NULL AS nothing, count(*) AS count FROM notes`;
    expect(await connection.query(sql)).toEqual([
      {
        one: 1,
        large: 9007199254740993n,
        half: 1.5,
        exact: '0.1',
        yes: true,
        at: '2026-11-20 10:00:00.123456',
        nothing: null,
        count: 1,
      },
    ]);
    // A user's own code gets what it is used to.
    const client = connection.client as PostgresClient;
    const answer = await client.query({ text: 'SELECT 1::int8 AS one' });
    expect(answer).toMatchObject({ rows: [{ one: '1' }] });
  });

  test('rows are streamed of whatever answers rows, inside a transaction and outside of one', async () => {
    const { driver, target } = await testMain(server);
    await using connection = await driver.open(target);
    const all = async (sql: string, params?: unknown[]): Promise<unknown[]> => {
      const rows: unknown[] = [];
      for await (const row of connection.rows(sql, params)) rows.push(row);
      return rows;
    };
    expect(await all('SELECT $1::int AS n; ', [7])).toEqual([{ n: 7 }]);
    expect(await all('SELECT n FROM generate_series(1, 1500) AS n')).toHaveLength(1500);
    expect(await all('INSERT INTO notes VALUES (2) RETURNING id')).toEqual([{ id: 2 }]);
    expect(await all('SHOW server_version_num')).toHaveLength(1);
    expect((await failure(all('SELECT 1 / 0'))).message).toBe('division by zero');
    expect((await failure(all('SELEC 1'))).message).toMatch(/syntax error/);
    await connection.query('BEGIN; INSERT INTO notes VALUES (3)');
    expect(await all('VALUES (1), (2)')).toHaveLength(2);
    for await (const row of connection.rows('SELECT id FROM notes')) {
      expect(row).toBeDefined();
      break;
    }
    await connection.query('ROLLBACK');
    expect(await all('SELECT id FROM notes ORDER BY id')).toEqual([{ id: 1 }, { id: 2 }]);
  });

  test('names are quoted, of the database, of tables and of the role', async () => {
    await server.query('DROP ROLE IF EXISTS "Odd ""role"""; CREATE ROLE "Odd ""role""" LOGIN SUPERUSER');
    await server.createDatabase('of odd');
    const { driver } = await testMain(server, {}, `Odd "db" it's 100%`);
    await server.query('ALTER DATABASE "of odd" RENAME TO "a/b?c=d#e&f"');
    const url = server.url('a/b?c=d#e&f').replace('postgres@', `${encodeURIComponent('Odd "role"')}@`);
    const target = driver.target(url);
    await driver.examine(target);
    const attempt = recorded();
    const sql = `CREATE TABLE "Odd ""t""" ("Odd ""c""" INTEGER); INSERT INTO "Odd ""t""" VALUES (1);
      UPDATE "Odd ""t""" SET "Odd ""c""" = 2; CREATE INDEX CONCURRENTLY "Odd i" ON "Odd ""t""" ("Odd ""c""")`;
    await driver.script(sql)(target, attempt);
    expect(attempt.statements[2]).toMatchObject({
      assigns: ['public."Odd ""t""".Odd "c"'],
      writes: ['public."Odd ""t"""'],
      rows: 1,
    });
    await using lock = await driver.lock(target, {
      holder: { run: 'r', host: 'a host', pid: 1, since: '2026-11-20T10:00:00.000Z' },
      waitMs: 0,
      signal: attempt.signal,
      waiting: () => {},
    });
    expect(lock).toBeDefined();
  });

  test("main's own search_path is the one that scripts run under, and the history stays in its schema", async () => {
    const { driver, target, run, name } = await testMain(server, { historySchema: 'forerun of us' });
    await run(`CREATE SCHEMA app; CREATE SCHEMA "forerun of us"; ALTER DATABASE ${name} SET search_path = app, public`);
    const attempt = recorded({
      async beforeCommit(session) {
        expect((await driver.schema(session)).has('table app.things')).toBe(true);
        await driver
          .history(session)
          .record({ version: '1', name: 'one', appliedOn: '2026-11-20T10:00:00.000Z', checksum: 'sha256:00' }, 'x');
      },
    });
    await driver.examine(target);
    const sql =
      'CREATE TABLE things (id INTEGER); INSERT INTO things VALUES (1); UPDATE things SET id = 2; UPDATE notes SET id = 2';
    await driver.script(sql)(target, attempt);
    expect(attempt.statements.flatMap(({ assigns }) => assigns)).toEqual(['app.things.id', 'public.notes.id']);
    expect(await run('SELECT name FROM "forerun of us"._schema_history')).toEqual([{ name: 'one' }]);
    const nowhere = await testMain(server, { historySchema: 'nowhere' });
    expect((await failure(nowhere.driver.examine(nowhere.target))).message).toMatch(/has no schema nowhere/);
  });

  test('a role that a script takes on writes no history', async () => {
    const { driver, target, run } = await testMain(server);
    await server.query('DROP ROLE IF EXISTS owner; CREATE ROLE owner');
    await run('CREATE SCHEMA owned AUTHORIZATION owner');
    const row = { version: '1', name: 'one', appliedOn: '2026-11-20T10:00:00.000Z', checksum: 'sha256:00' };
    const attempt = recorded({ beforeCommit: (session) => driver.history(session).record(row, 'x') });
    await driver.script('SET ROLE owner; CREATE TABLE owned.t (id INTEGER)')(target, attempt);
    await driver.script('SET SESSION AUTHORIZATION owner; CREATE TABLE owned.u (id INTEGER)')(target, attempt);
    const owners = `SELECT DISTINCT relowner::regrole::text AS owner FROM pg_class WHERE relkind = 'r' AND relnamespace = `;
    expect(await run(`${owners} 'owned'::regnamespace`)).toEqual([{ owner: 'owner' }]);
    expect(await run(`${owners} 'public'::regnamespace`)).toEqual([{ owner: 'postgres' }]);
    await run('DROP SCHEMA owned CASCADE');
    await server.query('DROP ROLE owner');
  });

  test('what a statement can write is told where the catalog tells it', async () => {
    const { driver, target, run } = await testMain(server);
    await run(`
      CREATE TABLE a (id INTEGER PRIMARY KEY); CREATE TABLE b (a INTEGER REFERENCES a ON DELETE CASCADE);
      CREATE TABLE p (id INTEGER) PARTITION BY LIST (id); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);
      CREATE TABLE t (id INTEGER); CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
      CREATE TRIGGER t BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()`);
    const attempt = recorded();
    const sql = `DELETE FROM a; INSERT INTO p VALUES (1); INSERT INTO t VALUES (1); SELECT 1; ALTER TABLE b ADD c INTEGER;
      INSERT INTO a VALUES (1); ALTER TABLE a RENAME TO z; DO $$ BEGIN UPDATE notes SET body = 'x'; END $$`;
    await driver.script(sql)(target, attempt);
    expect(attempt.statements.map(({ writes }) => writes?.toSorted())).toEqual([
      ['public.b', 'public.z'],
      ['public.p1'],
      undefined,
      [],
      undefined,
      ['public.b', 'public.z'],
      undefined,
      ['public.notes'],
    ]);
    expect(attempt.statements.map(({ removes }) => removes?.toSorted())).toEqual([
      ['public.b', 'public.z'],
      ['public.p1'],
      undefined,
      [],
      [],
      [],
      undefined,
      [],
    ]);
  });

  test('a constraint that waits for the COMMIT fails before the history row is written', async () => {
    const { driver, target, run } = await testMain(server);
    await run('CREATE TABLE k (id INTEGER REFERENCES notes DEFERRABLE INITIALLY DEFERRED)');
    const attempt = recorded();
    const error = await failure(driver.script('INSERT INTO k VALUES (99)')(target, attempt));
    expect(driver.codeOf(error)).toBe('23503');
    expect(JSON.stringify({ ...error })).not.toContain('99');
    expect(attempt.steps).toEqual(['afterBegin', 'statement']);
  });

  test('damage is looked for by amcheck where the database has it', async () => {
    const { driver, target, run } = await testMain(server);
    expect(await driver.damage(target)).toEqual([]);
    await run('CREATE EXTENSION amcheck');
    expect(await driver.damage(target)).toEqual([]);
  });
});
