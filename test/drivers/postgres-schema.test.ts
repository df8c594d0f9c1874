import { execa } from 'execa';
import { dirname, join } from 'node:path';
import type { QueryConfig } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { postgresSchema } from '../../src/drivers/postgres/schema.ts';
import { schemaDiff } from '../../src/schema-diff.ts';
import type { Row, Schema } from '../../src/seams/driver.ts';
import { startPostgres, type PostgresServer } from '../support/postgres.ts';
import { programs } from '../support/postgres/programs.ts';
import { changes } from './fixtures/postgres-changes.ts';
import { everything } from './fixtures/postgres-everything.ts';
import { expressions } from './fixtures/postgres-expressions.ts';
import { sessionOn, type TestSession } from './fixtures/postgres-session.ts';

describe.each([15, 18] as const)('the schema of a PostgreSQL %i database', (version) => {
  let server: PostgresServer;
  let url: string;
  let session: TestSession;
  let before: Schema;
  beforeAll(async () => {
    server = await startPostgres({ version });
    await server.query('CREATE ROLE reader; CREATE ROLE writer');
    url = await server.createDatabase();
    await server.query(everything, new URL(url).pathname.slice(1));
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    session = await sessionOn(url);
    before = await postgresSchema(session);
  });
  afterEach(() => session[Symbol.asyncDispose]());

  const made = async (...sql: readonly string[]): Promise<Schema> => {
    await using other = await sessionOn(await server.createDatabase());
    for (const statements of sql) await other.run(statements);
    return await postgresSchema(other);
  };

  test('is in order of its keys', () => {
    expect([...before.keys()]).toEqual([...before.keys()].sort());
    expect(before.get('table public.parent')).toBe('a integer\nb text\nd integer DEFAULT 4\nOWNER postgres');
    expect(before.get('constraint public.users.not_yet')).toBe('CHECK ((length((email)::text) > 1)) NOT VALID');
  });

  test.each(changes)('tells %s', async (sql, diff) => {
    await session.run('SET allow_system_table_mods = on; BEGIN');
    await session.run(sql);
    const after = await postgresSchema(session);
    const marks = { added: '+', removed: '-', changed: '~' };
    expect(schemaDiff(before, after).map(({ object, change }) => `${marks[change]} ${object}`)).toEqual(diff);
    await session.run('ROLLBACK');
  });

  test('tells a tablespace, a foreign table and an access method', async () => {
    await session.run(`SET allow_in_place_tablespaces = on; SET client_min_messages = error`);
    await session.run(`CREATE TABLESPACE elsewhere LOCATION ''`);
    const texts = await made(`
      CREATE TABLE t (a integer PRIMARY KEY USING INDEX TABLESPACE elsewhere) TABLESPACE elsewhere;
      CREATE INDEX i ON t (a) TABLESPACE elsewhere;
      CREATE ACCESS METHOD mine TYPE TABLE HANDLER heap_tableam_handler;
      CREATE TABLE m (a integer) USING mine;
      CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w;
      CREATE FOREIGN TABLE f (a integer OPTIONS (name 'b')) SERVER s OPTIONS (password 'secret')`);
    for (const key of ['table public.t', 'constraint public.t.t_pkey', 'index public.i'])
      expect(texts.get(key)).toContain('TABLESPACE elsewhere');
    expect(texts.get('table public.m')).toContain('USING mine');
    expect(texts.get('foreign table public.f')).toMatch(
      /a integer OPTIONS \(name md5:.*\nSERVER s OPTIONS \(password md5:/,
    );
    expect(JSON.stringify([...texts])).not.toContain('secret');
  });

  test('is the same after what changes no object', async () => {
    for (const sql of nothingChanged) {
      for (const statement of sql.split('; ')) await session.run(statement);
      expect(schemaDiff(before, await postgresSchema(session)), sql).toEqual([]);
    }
  });

  test('does not depend on the order in which objects were made, nor on what was there before', async () => {
    const statements = [
      'CREATE TABLE a (id integer PRIMARY KEY, n integer CHECK (n > 0) CHECK (n < 9), UNIQUE (n))',
      "CREATE TABLE b (id integer PRIMARY KEY, n text DEFAULT 'x')",
      `CREATE TYPE mood AS ENUM ('x', 'y')`,
      "CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
      'CREATE SCHEMA s',
      'CREATE TABLE "T" (id serial)',
      'CREATE VIEW v AS SELECT 1 AS one',
    ];
    const more = [
      'CREATE INDEX ON b (n)',
      `COMMENT ON TABLE b IS 'b'`,
      'GRANT SELECT ON b TO reader',
      'GRANT SELECT ON b TO writer',
      'ALTER TABLE b ADD CONSTRAINT of_a FOREIGN KEY (id) REFERENCES a',
    ];
    const one = await made(...statements, ...more);
    const other = await made(
      'CREATE TABLE gone (x integer); DROP TABLE gone',
      ...statements.toReversed(),
      'ALTER TABLE b ADD COLUMN gone integer; ALTER TABLE b DROP COLUMN gone',
      ...more.toReversed(),
    );
    expect([...other]).toEqual([...one]);
  });

  test('does not depend on settings of the session, which are as before afterwards', async () => {
    const settings = `SET search_path = app, public; SET TimeZone = 'Asia/Tokyo'; SET DateStyle = 'German';
      SET quote_all_identifiers = on; SET extra_float_digits = -5; SET standard_conforming_strings = off`;
    const show = `SELECT current_setting('search_path') AS path, current_setting('TimeZone') AS zone, current_setting('quote_all_identifiers') AS quoted`;
    await session.run(settings);
    const found = await session.query(show);
    expect(schemaDiff(before, await postgresSchema(session))).toEqual([]);
    expect(await session.query(show)).toEqual(found);
    await session.run('BEGIN; SET LOCAL search_path = pg_temp');
    const inside = await session.query(show);
    expect(schemaDiff(before, await postgresSchema(session))).toEqual([]);
    expect(await session.query(show)).toEqual(inside);
    await session.run('COMMIT');
    expect(await session.query(show)).toEqual(found);
  });

  test('is read without a lock or a snapshot that stays', async () => {
    const held = `SELECT (SELECT count(*)::int FROM pg_locks AS l JOIN pg_class AS c ON c.oid = l.relation
                           WHERE l.pid = pg_backend_pid() AND c.relnamespace = 'public'::regnamespace) AS locks, now() = statement_timestamp() AS alone`;
    await session.run('BEGIN');
    await postgresSchema(session);
    expect(await session.query(held)).toEqual([{ locks: 0, alone: false }]);
    await session.run('COMMIT');
    await postgresSchema(session);
    expect(await session.query(held)).toEqual([{ locks: 0, alone: true }]);
    // The other protocol, in which a lone statement looks as if it were in a transaction.
    const query = async (text: string): Promise<Row[]> =>
      (await session.client.query<Row>({ text, queryMode: 'extended' } as QueryConfig)).rows;
    expect([...(await postgresSchema({ query }))]).toEqual([...before]);
    expect(await session.query(held)).toEqual([{ locks: 0, alone: true }]);
  });
});

const nothingChanged = [
  'REINDEX TABLE users; REINDEX INDEX CONCURRENTLY by_tags; REINDEX TABLE CONCURRENTLY "Order Lines"',
  'ANALYZE; VACUUM FULL; REFRESH MATERIALIZED VIEW counted',
  `INSERT INTO users (email, address) VALUES ('abc', 'a@b'); SELECT nextval('app.numbers'); TRUNCATE users CASCADE`,
  'ALTER TABLE users RENAME TO people; ALTER TABLE people RENAME TO users',
  'ALTER TABLE users RENAME email TO mail; ALTER TABLE users RENAME mail TO email',
  'ALTER SCHEMA app RENAME TO x; ALTER SCHEMA x RENAME TO app',
  'ALTER TABLE fast ADD COLUMN c integer; ALTER TABLE fast DROP COLUMN c',
  'ALTER TABLE fast ALTER a TYPE bigint; ALTER TABLE fast ALTER a TYPE integer',
  'ALTER TABLE fast SET LOGGED; ALTER TABLE fast SET UNLOGGED',
  'DROP INDEX by_tags; CREATE UNIQUE INDEX by_tags ON public."users" (tags)',
  'DROP VIEW simple; CREATE VIEW simple AS SELECT "id", email FROM public.users -- a comment\n WITH CHECK OPTION',
  'DROP TRIGGER checked ON users; CREATE CONSTRAINT TRIGGER checked AFTER INSERT ON users DEFERRABLE FOR EACH ROW EXECUTE FUNCTION touched()',
  'DROP SCHEMA "Other App"; CREATE SCHEMA "Other App" AUTHORIZATION writer',
  'DROP RULE kept ON fast; CREATE RULE kept AS ON DELETE TO fast DO INSTEAD NOTHING',
  'GRANT SELECT ON users TO reader; GRANT INSERT ON users TO reader; GRANT DELETE ON users TO reader; REVOKE DELETE ON users FROM reader',
  'REVOKE SELECT ON fast FROM writer; GRANT SELECT ON fast TO writer; GRANT EXECUTE ON FUNCTION touched() TO PUBLIC, postgres',
  'ALTER TABLE users DISABLE TRIGGER ALL; ALTER TABLE users ENABLE TRIGGER ALL',
  `ALTER TABLE users ALTER balance DROP DEFAULT; ALTER TABLE users ALTER balance SET DEFAULT 0`,
  `COMMENT ON SCHEMA app IS NULL; COMMENT ON SCHEMA app IS 'The application'`,
  `CREATE TEMP TABLE users (a serial PRIMARY KEY); COMMENT ON TABLE pg_temp.users IS 'x'; COMMENT ON COLUMN pg_temp.users.a IS 'x'; CREATE TEMP VIEW simple AS SELECT 1; CREATE FUNCTION pg_temp.f() RETURNS integer LANGUAGE sql AS 'SELECT 1'; GRANT SELECT ON pg_temp.users TO reader; COMMENT ON CONSTRAINT users_pkey ON pg_temp.users IS 'x'`,
  'CREATE TABLE _schema_history (name text PRIMARY KEY, n integer); CREATE INDEX ON _schema_history (n); GRANT SELECT ON _schema_history TO reader',
];

test.each([
  ['one of everything', everything],
  ['expressions of many forms', expressions],
])('the schema of a database with %s and of its restored dump are the same', async (_, sql) => {
  await using server = await startPostgres({ version: 15 });
  await server.query('CREATE ROLE reader; CREATE ROLE writer');
  await server.createDatabase('original');
  await server.query(sql, 'original');
  await server.createDatabase('copy');
  const bin = dirname((await programs(15)).postgres);
  const { stdout } = await execa(join(bin, 'pg_dump'), ['--dbname', server.url('original')]);
  await execa(join(bin, 'psql'), ['-qX', '--set=ON_ERROR_STOP=1', '--dbname', server.url('copy')], { input: stdout });
  await using original = await sessionOn(server.url('original'));
  await using copy = await sessionOn(server.url('copy'));
  expect(schemaDiff(await postgresSchema(original), await postgresSchema(copy))).toEqual([]);
});
