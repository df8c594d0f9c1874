import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { postgresContents, postgresCounts } from '../../src/drivers/postgres/contents.ts';
import { postgresTables } from '../../src/drivers/postgres/tables.ts';
import { startPostgres, type PostgresServer } from '../support/postgres.ts';
import { sessionOn, type TestSession } from './fixtures/postgres-session.ts';

describe.each([15, 18] as const)('PostgreSQL %i', (version) => {
  let server: PostgresServer;
  let url: string;
  let session: TestSession;
  beforeAll(async () => {
    server = await startPostgres({ version });
    await server.query('CREATE ROLE anybody LOGIN');
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    url = await server.createDatabase();
    session = await sessionOn(url);
  });
  afterEach(() => session[Symbol.asyncDispose]());

  test('lists tables that hold rows, with the columns that have values of their own', async () => {
    await session.run(`
      CREATE SCHEMA "Other"; CREATE TYPE pair AS (a integer, b integer);
      CREATE TABLE plain (id integer, gone text, "Odd ""name""" text, twice integer GENERATED ALWAYS AS (id * 2) STORED);
      ALTER TABLE plain DROP COLUMN gone;
      CREATE TABLE "Other"."order" (); CREATE TABLE "user" (id integer); CREATE UNLOGGED TABLE fast (a integer);
      CREATE TABLE whole (id integer, at date) PARTITION BY RANGE (at);
      CREATE TABLE part PARTITION OF whole FOR VALUES FROM ('2026-01-01') TO ('2027-01-01') PARTITION BY LIST (id);
      CREATE TABLE leaf PARTITION OF part DEFAULT;
      CREATE TABLE child (b text) INHERITS (plain);
      CREATE TEMP TABLE passing (a integer); CREATE VIEW v AS SELECT 1; CREATE MATERIALIZED VIEW m AS SELECT 1; CREATE SEQUENCE s;
      CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w; CREATE FOREIGN TABLE f (a integer) SERVER s;
      CREATE TABLE _schema_history (a integer); CREATE TABLE _forerun_journal (a integer); CREATE TABLE _forerun_texts (a integer)`);
    const tables = await postgresTables(session);
    expect(tables).toEqual([
      { table: '"Other"."order"', columns: [] },
      { table: 'public.child', columns: ['id', 'Odd "name"', 'b'] },
      { table: 'public.fast', columns: ['a'] },
      { table: 'public.leaf', columns: ['id', 'at'] },
      { table: 'public.plain', columns: ['id', 'Odd "name"'] },
      { table: 'public."user"', columns: ['id'] },
    ]);
    await session.run(
      `INSERT INTO "Other"."order" DEFAULT VALUES; INSERT INTO plain (id) VALUES (1); INSERT INTO child (id) VALUES (2), (3); INSERT INTO whole VALUES (1, '2026-05-05')`,
    );
    const counts = {
      '"Other"."order"': 1,
      'public.child': 2,
      'public.fast': 0,
      'public.leaf': 1,
      'public.plain': 1,
      'public."user"': 0,
    };
    expect(
      Object.fromEntries(
        await postgresCounts(
          session,
          tables.map(({ table }) => table),
        ),
      ),
    ).toEqual(counts);
    const contents = await postgresContents(session, tables);
    expect(Object.fromEntries([...contents].map(([table, { rows }]) => [table, rows]))).toEqual(counts);
  });

  const digestOf = async (type: string, ...values: readonly string[]): Promise<string | undefined> => {
    await session.run(
      `DROP TABLE IF EXISTS t; CREATE TABLE t (v ${type}); INSERT INTO t VALUES (${values.join('), (')})`,
    );
    return (await postgresContents(session, [{ table: 'public.t', columns: ['v'] }])).get('public.t')?.digest;
  };

  test.each([
    ['text', ['NULL', `''`, `'NULL'`, `' '`, `'a'`, `'A'`, `'"'`, `'()'`, `','`, `E'\\n'`, `'é'`, `E'e\\u0301'`]],
    ['float8', ['0', `'-0'`, `'NaN'`, `'Infinity'`, `'-Infinity'`, '0.1', '0.1::float8 + 0.2', '0.3', '1e-320']],
    ['float4', ['0', `'-0'`, `'NaN'`, '0.1', '0.1000001']],
    ['numeric', ['0', '0.0', '1', '1.0', `'NaN'`, `'Infinity'`]],
    ['jsonb', ['NULL', `'null'`, `'""'`, `'[]'`, `'{}'`, `'{"a": 1}'`, `'{"a": 1.0}'`, `'{"a": "1"}'`]],
    ['text[]', ['NULL', `'{}'`, `'{NULL}'`, `'{"NULL"}'`, `'{""}'`, `'{a,b}'`, `'{"a,b"}'`, `'[0:0]={a}'`, `'{{a}}'`]],
    ['bytea', ['NULL', `''`, `'\\x00'`, `'\\x0000'`, `'\\x5c78'`]],
    ['timestamptz', [`'infinity'`, `'2026-01-01 00:00:00+00'`, `'2026-01-01 00:00:00.000001+00'`, `'2026-01-01 BC'`]],
    ['interval', [`'1 month'`, `'30 days'`, `'720 hours'`, `'-1 day'`, `'1 day -00:00:01'`]],
    ['public.pair', ['NULL', 'ROW(NULL, NULL)', `ROW('', NULL)`, `ROW(NULL, '')`, `ROW('a', 'b')`, `ROW('a,b', NULL)`]],
    ['public.short', ['NULL', `''`, `'ab'`]],
    ['money', ['1', '-1', '1.01']],
    ['char(3)', [`'a'`, `'b'`]],
  ])('tells values of %s', async (type, values) => {
    await session.run('CREATE TYPE pair AS (a text, b text); CREATE DOMAIN short AS varchar(2)');
    const digests: unknown[] = [];
    for (const value of values) digests.push(await digestOf(type, value));
    expect(new Set(digests).size).toBe(values.length);
  });

  test('does not tell the order of rows, and tells how often each is there', async () => {
    expect(await digestOf('integer', '1', '2', '2')).toBe(await digestOf('integer', '2', '1', '2'));
    const digests = [['1'], ['1', '1'], ['1', '1', '1'], ['2', '2', '1'], ['1', '1', '2'], ['NULL'], ['NULL', 'NULL']];
    const found: unknown[] = [];
    for (const values of digests) found.push(await digestOf('integer', ...values));
    expect(new Set(found).size).toBe(digests.length);
  });

  test('digests do not depend on settings of the session, in a transaction or outside', async () => {
    await session.run(`
      CREATE TABLE t (f float8, at timestamptz, b bytea, i interval, m money, kind regclass);
      INSERT INTO t VALUES (0.1::float8 + 0.2, '2026-07-01 12:00+02', '\\x00ff', '1 year -3 days', 5, 't')`);
    const all = await postgresTables(session);
    const before = await postgresContents(session, all);
    await session.run(`
      SET extra_float_digits = -10; SET DateStyle = 'German'; SET TimeZone = 'Asia/Tokyo'; SET bytea_output = 'escape';
      SET IntervalStyle = 'iso_8601'; SET search_path = pg_catalog; SET max_parallel_workers_per_gather = 0`);
    expect(await postgresContents(session, all)).toEqual(before);
    await session.run('BEGIN');
    expect(await postgresContents(session, all)).toEqual(before);
    expect(await session.query('SHOW bytea_output')).toEqual([{ bytea_output: 'escape' }]);
    await session.run('COMMIT');
  });

  test('counts and digests leave out tables whose rows the role may not all see, and leave the transaction usable', async () => {
    await session.run(`
      CREATE TABLE t (v integer); INSERT INTO t VALUES (1), (2); GRANT SELECT ON t TO anybody;
      ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON t USING (v = 1);
      CREATE TABLE closed (v integer); CREATE TABLE seen (v integer); INSERT INTO seen VALUES (1); GRANT SELECT ON seen TO anybody;
      SET ROLE anybody`);
    const tables = ['public.t', 'public.closed', 'public.seen'];
    expect([...(await postgresCounts(session, tables))]).toEqual([['public.seen', 1]]);
    await session.run('BEGIN');
    const of = tables.map((table) => ({ table, columns: ['v'] }));
    expect([...(await postgresContents(session, of)).keys()]).toEqual(['public.seen']);
    expect(await session.query('SELECT v FROM t')).toEqual([{ v: 1 }]);
    await session.run('COMMIT');
  });
});
