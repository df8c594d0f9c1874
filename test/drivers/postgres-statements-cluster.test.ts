import { beforeAll, describe, expect, test } from 'vitest';
import { clusterWide, readCluster } from '../../src/drivers/postgres/cluster-wide.ts';
import type { Facts } from '../../src/drivers/postgres/facts.ts';
import { loadParser } from '../../src/drivers/postgres/parser.ts';
import { statementsOf } from '../../src/drivers/postgres/statements.ts';

beforeAll(loadParser);

const facts: Facts = {
  routines: ({ name }) =>
    name === 'tidy'
      ? [
          `CREATE FUNCTION public.tidy() RETURNS void LANGUAGE plpgsql AS $$ BEGIN PERFORM dblink_exec('x', 'y'); END $$`,
        ]
      : [],
  relationKind: ({ name }) => (name === 'remote' ? 'f' : 'r'),
};

describe('statements that act beyond their own database', () => {
  test.each([
    ['CREATE ROLE app LOGIN', 'roles belong'],
    [`CREATE USER app PASSWORD 'x'`, 'roles belong'],
    ['CREATE GROUP g', 'roles belong'],
    ['ALTER ROLE app NOLOGIN', 'roles belong'],
    [`ALTER ROLE app IN DATABASE d SET work_mem = '1MB'`, 'roles belong'],
    ['ALTER USER app RENAME TO other', 'roles belong'],
    ['ALTER GROUP g ADD USER app', 'roles belong'],
    ['DROP ROLE IF EXISTS app', 'roles belong'],
    ['GRANT admin TO app', 'roles belong'],
    ['REVOKE admin FROM app', 'roles belong'],
    [`COMMENT ON ROLE app IS 'x'`, 'roles belong'],
    [`SECURITY LABEL ON ROLE app IS 'x'`, 'roles belong'],
    ['CREATE DATABASE d', 'databases belong'],
    ['DROP DATABASE d WITH (FORCE)', 'databases belong'],
    ['ALTER DATABASE d SET search_path = app', 'databases belong'],
    ['ALTER DATABASE d OWNER TO app', 'databases belong'],
    ['ALTER DATABASE d RENAME TO e', 'databases belong'],
    ['ALTER DATABASE d REFRESH COLLATION VERSION', 'databases belong'],
    ['GRANT CONNECT ON DATABASE d TO app', 'databases belong'],
    ['REVOKE CONNECT ON DATABASE d FROM PUBLIC', 'databases belong'],
    [`COMMENT ON DATABASE d IS 'x'`, 'databases belong'],
    [`CREATE TABLESPACE s LOCATION '/x'`, 'tablespaces belong'],
    ['ALTER TABLESPACE s RENAME TO u', 'tablespaces belong'],
    ['ALTER TABLESPACE s SET (random_page_cost = 1)', 'tablespaces belong'],
    ['GRANT CREATE ON TABLESPACE s TO app', 'tablespaces belong'],
    [`COMMENT ON TABLESPACE s IS 'x'`, 'tablespaces belong'],
    [`ALTER SYSTEM SET work_mem = '1MB'`, 'settings of the server'],
    ['GRANT SET ON PARAMETER work_mem TO app', 'settings of the server'],
    ['DROP OWNED BY app', 'DROP OWNED'],
    ['REASSIGN OWNED BY app TO other', 'REASSIGN OWNED'],
    [`CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p`, 'subscriptions belong'],
    ['ALTER SUBSCRIPTION s OWNER TO app', 'subscriptions belong'],
    ['DROP SUBSCRIPTION s', 'subscriptions belong'],
    [`COPY t TO '/tmp/x'`, 'writes a file'],
    [`COPY (SELECT 1) TO PROGRAM 'cat'`, 'runs a program'],
    [`COPY t FROM PROGRAM 'curl x'`, 'runs a program'],
    [`SELECT dblink_connect('x')`, 'dblink_connect() acts on another database'],
    [`SELECT * FROM public.dblink('x', 'DELETE FROM t') AS (a int)`, 'dblink() acts on another database'],
    [`INSERT INTO t SELECT a FROM dblink('x', 'y') AS d(a int)`, 'dblink() acts'],
    [`SELECT pg_terminate_backend(pid) FROM pg_stat_activity`, 'ends the work of other sessions'],
    [`SELECT pg_catalog.pg_cancel_backend(1)`, 'ends the work'],
    [`SELECT lo_export(1, '/tmp/x')`, 'writes files'],
    [`SELECT pg_drop_replication_slot('x')`, 'replication slot'],
    [`SELECT pg_create_physical_replication_slot('x')`, 'replication slot'],
    [`SELECT cron.schedule('x', '* * * * *', 'y')`, 'jobs of the server'],
    [`SELECT net.http_post('x')`, 'calls another service'],
    [`UPDATE pg_database SET datallowconn = false`, 'the catalog pg_database is shared'],
    [`WITH gone AS (DELETE FROM pg_catalog.pg_authid RETURNING *) SELECT 1`, 'the catalog pg_authid is shared'],
    [`INSERT INTO remote VALUES (1)`, 'remote is a foreign table'],
    [`WITH moved AS (DELETE FROM remote RETURNING *) INSERT INTO t SELECT * FROM moved`, 'remote is a foreign table'],
    [`ALTER TABLE t ADD a text DEFAULT dblink_exec('x')`, 'dblink_exec() acts'],
    [`EXPLAIN ANALYZE SELECT dblink_exec('x')`, 'dblink_exec() acts'],
    ['REINDEX SYSTEM', 'catalogs that the whole cluster shares'],
  ])('%s', (sql, words) => {
    const effects = statementsOf(sql).map((statement) => clusterWide(statement, facts));
    expect(effects[0]?.reason).toContain(words);
    expect(effects[0]?.inside).toBeUndefined();
  });

  test.each([
    [`DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles) THEN CREATE ROLE app; END IF; END $$`, 'roles belong'],
    [`DO $$ BEGIN EXECUTE 'CREATE ROLE app'; END $$`, 'roles belong'],
    [
      `DO $$ DECLARE r text := 'app'; BEGIN EXECUTE format('ALTER ROLE %I SET work_mem = %L', r, '1MB'); END $$`,
      'roles belong',
    ],
    [
      `DO $$ BEGIN EXECUTE 'GRANT CONNECT ON DATABASE ' || quote_ident(current_database()) || ' TO app'; END $$`,
      'databases belong',
    ],
    [`DO $$ DECLARE q text; BEGIN q := 'CREATE ROLE ' || quote_ident('app'); EXECUTE q; END $$`, 'roles belong'],
    [`DO $$ BEGIN PERFORM pg_terminate_backend(1); END $$`, 'ends the work'],
    [`DO $$ DECLARE x text; BEGIN x := dblink_exec('x'); END $$`, 'dblink_exec() acts'],
    [`DO 'BEGIN DROP ROLE app; END'`, 'roles belong'],
    [`DO $$ BEGIN DO 'BEGIN DROP ROLE app; END'; END $$`, 'roles belong'],
    ['SELECT tidy()', 'dblink_exec() acts'],
    ['DO $$ BEGIN PERFORM tidy(); END $$', 'dblink_exec() acts'],
  ])('also inside a body: %s', (sql, words) => {
    const [statement] = statementsOf(sql);
    const effect = statement && clusterWide(statement, facts);
    expect(effect?.reason).toContain(words);
    expect(effect?.inside).toBe(true);
  });

  test('a function of the same script is looked into where it is called, and only there', () => {
    const script = statementsOf(
      `CREATE FUNCTION make() RETURNS void LANGUAGE sql AS 'CREATE ROLE app'; SELECT 1; SELECT make()`,
    );
    const { effect } = readCluster(script);
    expect(script.map((statement) => effect(statement)?.reason)).toEqual([
      undefined,
      undefined,
      'roles belong to the whole cluster',
    ]);
  });

  test('routines of the database that call each other are followed once', () => {
    const recursive: Facts = {
      routines: ({ name }) => [
        `CREATE FUNCTION ${name}(n int) RETURNS void LANGUAGE plpgsql AS $$ BEGIN PERFORM one(n), two(n); END $$`,
      ],
    };
    const script = statementsOf('SELECT one(1)');
    expect(readCluster(script, recursive).effect(script[0] as (typeof script)[number])).toBeUndefined();
  });

  test.each([
    'CREATE TABLE t (a int)',
    'ALTER TABLE t OWNER TO app',
    'GRANT SELECT ON t TO app',
    'ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO app',
    'CREATE SCHEMA s AUTHORIZATION app',
    `COMMENT ON TABLE t IS 'role'`,
    'CREATE EXTENSION dblink',
    `CREATE SERVER s FOREIGN DATA WRAPPER w OPTIONS (host 'x')`,
    `CREATE USER MAPPING FOR app SERVER s OPTIONS (password 'x')`,
    'CREATE FOREIGN TABLE f (a int) SERVER s',
    'SELECT * FROM remote',
    'SELECT * FROM pg_database',
    'UPDATE public.pg_database SET a = 1',
    `CREATE FUNCTION f() RETURNS void LANGUAGE sql AS 'CREATE ROLE app'`,
    'CREATE VIEW v AS SELECT pg_terminate_backend(1)',
    `EXPLAIN SELECT dblink_exec('x')`,
    `COPY t FROM '/tmp/x'`,
    'CREATE PUBLICATION p FOR ALL TABLES',
    `DO $$ BEGIN RAISE NOTICE 'CREATE ROLE app'; END $$`,
    `SET ROLE app`,
    'ALTER TABLE ALL IN TABLESPACE a SET TABLESPACE b',
  ])('%s acts on its own database alone', (sql) => {
    expect(statementsOf(sql).map((statement) => clusterWide(statement, facts))).toEqual([undefined]);
  });

  test.each([
    [`DO $$ BEGIN EXECUTE (SELECT sql FROM queue); END $$`, ['what its EXECUTE runs']],
    [`DO LANGUAGE plpython3u 'import os'`, ['what plpython3u does']],
    ['CALL unknown()', ['the procedure unknown']],
    ['DO $$ BEGIN undeclared := 1; END $$', ['a body that cannot be read']],
    ['DO $$ BEGIN PERFORM 1; END $$', []],
    ['SELECT 1', []],
  ])('says what it cannot see of %s', (sql, unseen) => {
    const script = statementsOf(sql);
    expect(script.map(readCluster(script).unseen)).toEqual([unseen]);
  });
});
