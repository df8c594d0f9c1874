import { beforeAll, describe, expect, test } from 'vitest';
import { assignmentsIn, type ColumnsOf } from '../../src/drivers/postgres/assigns.ts';
import { changesOf } from '../../src/drivers/postgres/changes.ts';
import { loadParser } from '../../src/drivers/postgres/parser.ts';
import { shown } from '../../src/drivers/postgres/qualified-name.ts';
import { renamesIn } from '../../src/drivers/postgres/renames.ts';
import { statementsOf } from '../../src/drivers/postgres/statements.ts';

beforeAll(loadParser);

const columnsOf: ColumnsOf = ({ name }) => (name === 't' ? ['a', 'b', 'c'] : undefined);

function assigned(sql: string): readonly string[] {
  const script = statementsOf(sql);
  const of = assignmentsIn(script, undefined, columnsOf);
  return script.flatMap((statement) =>
    of(statement).map(({ table, column, how }) => `${shown(table)}.${column}${how === 'type' ? ' (type)' : ''}`),
  );
}

describe('the columns that a statement sets', () => {
  test.each([
    ['UPDATE t SET a = 1', ['t.a']],
    [
      'UPDATE ONLY app."Odd" AS x SET "A b" = 1, (c, d) = (SELECT 1, 2), e[1] = 3, f.g = 4',
      ['A b', 'c', 'd', 'e', 'f'].map((c) => `app."Odd".${c}`),
    ],
    ['INSERT INTO t VALUES (1, 2, 3)', []],
    ['INSERT INTO t (a) VALUES (lower($1))', []],
    ['INSERT INTO t DEFAULT VALUES', []],
    ['INSERT INTO t (a, b) VALUES (1, 2) ON CONFLICT (a) DO UPDATE SET b = excluded.b', ['t.b']],
    ['INSERT INTO t (a, b) VALUES (1, 2) ON CONFLICT DO NOTHING', []],
    ['INSERT INTO u (a, b, c) SELECT a, lower(b), 1 FROM t', ['u.b', 'u.c']],
    ['INSERT INTO u (a, b) SELECT b, a FROM t', ['u.a', 'u.b']],
    ['INSERT INTO u (a, b) SELECT x.a, x.b FROM t AS x', []],
    ['INSERT INTO u SELECT * FROM t', []],
    ['INSERT INTO u TABLE t', []],
    ['INSERT INTO t SELECT a, b, 1 FROM u', ['t.c']],
    ['INSERT INTO t SELECT u.*, 1 FROM u', ['t.c']],
    ['INSERT INTO u SELECT a, 1 FROM t', ['u.*']],
    ['INSERT INTO u SELECT a, 1 AS b FROM t', ['u.b']],
    ['INSERT INTO u (a) SELECT a FROM t UNION ALL SELECT 0', ['u.a']],
    ['CREATE TABLE u AS SELECT a, lower(b) AS b, c AS d, 1 FROM t', ['u.b', 'u.d']],
    ['CREATE TABLE u (x, y) AS SELECT x, y + 1 FROM t', ['u.y']],
    ['SELECT a, lower(b) AS b INTO u FROM t', ['u.b']],
    ['CREATE MATERIALIZED VIEW v AS SELECT lower(b) AS b FROM t', []],
    ['MERGE INTO t USING s ON t.a = s.a WHEN MATCHED THEN UPDATE SET b = s.b, (c) = ROW (1)', ['t.b', 't.c']],
    ['MERGE INTO t USING s ON true WHEN NOT MATCHED THEN INSERT (a, b) VALUES (s.a, lower(s.b))', ['t.b']],
    ['MERGE INTO t USING s ON true WHEN NOT MATCHED THEN INSERT VALUES (s.a, s.b, 1)', ['t.c']],
    ['MERGE INTO t USING s ON true WHEN MATCHED THEN DELETE', []],
    ['WITH x AS (UPDATE t SET a = 1 RETURNING *), y AS (DELETE FROM u RETURNING *) UPDATE v SET b = 2', ['v.b', 't.a']],
    ['EXPLAIN ANALYZE UPDATE t SET a = 1', ['t.a']],
    ['EXPLAIN UPDATE t SET a = 1', []],
    ['DELETE FROM t', []],
    [`COPY t FROM '/tmp/x'`, []],
    ['ALTER TABLE app.t ALTER a TYPE int USING a::int, ALTER b TYPE text', ['app.t.a', 'app.t.b (type)']],
    ['ALTER TABLE t ADD d int DEFAULT 1, ALTER a SET DEFAULT 1', []],
    ['ALTER TABLE t ALTER COLUMN a SET EXPRESSION AS (b + 1)', ['t.a']],
    ['CREATE FUNCTION f() RETURNS void LANGUAGE sql BEGIN ATOMIC UPDATE t SET a = 1; END', []],
    [
      `DO $$ DECLARE n int; BEGIN LOOP UPDATE users SET premium_level = 'basic' WHERE id IN (SELECT id FROM users LIMIT 10);
       GET DIAGNOSTICS n = ROW_COUNT; EXIT WHEN n = 0; COMMIT; END LOOP; END $$`,
      ['users.premium_level'],
    ],
    [`DO $$ BEGIN EXECUTE 'UPDATE t SET a = 1'; END $$`, ['t.a']],
    [`DO $$ BEGIN EXECUTE format('UPDATE t SET %I = %L', 'a', 1); END $$`, ['t.*']],
    [`DO $$ BEGIN EXECUTE format('UPDATE %I SET a = 1', 't'); END $$`, []],
    [`DO $$ BEGIN EXECUTE 'UPDATE app.t SET a = ' || quote_literal(1) || ' WHERE b = ' || 2; END $$`, ['app.t.a']],
    ['CREATE PROCEDURE p() LANGUAGE sql AS $$ UPDATE t SET a = 1 $$; CALL p()', ['t.a']],
  ])('%s', (sql, expected) => {
    expect(assigned(sql)).toEqual(expected);
  });

  test('have the names that tables and columns have in the end', () => {
    const swap = `CREATE TABLE users_new (LIKE users INCLUDING ALL);
      INSERT INTO users_new (id, name, level) SELECT id, name, 'basic' FROM users;
      ALTER TABLE users RENAME TO users_old; ALTER TABLE users_new RENAME TO users;
      ALTER TABLE users RENAME COLUMN level TO premium_level; DROP TABLE users_old;
      UPDATE users SET name = 'x'`;
    expect(assigned(swap)).toEqual(['users.premium_level', 'users.name']);
    expect(assigned('UPDATE app.a SET x = 1; ALTER TABLE a SET SCHEMA b; ALTER SCHEMA b RENAME TO c')).toEqual([
      'c.a.x',
    ]);
  });
});

describe('what a script renames, drops and makes', () => {
  const name = (text: string): { readonly schema?: string; readonly name: string } => {
    const [schema = '', table] = text.split('.');
    return table === undefined ? { name: schema } : { schema, name: table };
  };

  test('pairs tables before and after, through swaps and schemas', () => {
    const renames = renamesIn(
      statementsOf(`ALTER TABLE users RENAME TO users_old; ALTER TABLE app.users_new RENAME TO users;
        DROP TABLE users_old; ALTER TABLE public.orders SET SCHEMA app; ALTER TABLE IF EXISTS app.orders RENAME a TO b`),
    );
    expect(renames.lastName(name('public.users'), 0)).toEqual(name('public.users_old'));
    expect(renames.lastName(name('app.users_new'), 0)).toEqual(name('app.users'));
    expect(renames.lastName(name('other.users_new'), 0)).toEqual(name('other.users_new'));
    expect(renames.firstName(name('app.users'))).toEqual(name('app.users_new'));
    expect(renames.isDropped(name('public.users'))).toBe(true);
    expect(renames.isDropped(name('public.users_new'))).toBe(false);
    expect(renames.lastName(name('public.orders'), 0)).toEqual(name('app.orders'));
    expect(renames.firstName(name('app.orders'))).toEqual(name('public.orders'));
    expect(renames.lastColumn(name('public.orders'), 'a', 0)).toBe('b');
    expect(renames.lastColumn(name('public.orders'), 'a', 5)).toBe('a');
  });

  test('counts what a DO block does', () => {
    const script = statementsOf(`DO $$ BEGIN ALTER TABLE a RENAME TO b; EXECUTE 'DROP TABLE c'; END $$`);
    const renames = renamesIn(script);
    expect(renames.lastName(name('public.a'), 0)).toEqual(name('public.b'));
    expect(renames.isDropped(name('public.c'))).toBe(true);
  });

  test.each([
    ['DROP TABLE a.b, "C" CASCADE', ['drop table a.b cascade', 'drop table "C" cascade']],
    ['DROP INDEX CONCURRENTLY IF EXISTS app.i', ['drop index app.i']],
    [
      'ALTER TABLE app.t DROP CONSTRAINT k, DROP COLUMN IF EXISTS c CASCADE',
      ['drop constraint k on app.t', 'drop column c on app.t cascade'],
    ],
    ['DROP TRIGGER x ON app.t', ['drop trigger x on app.t']],
    ['DROP POLICY x ON t', ['drop policy x on t']],
    ['DROP MATERIALIZED VIEW v', ['drop materialized view v']],
    ['DROP SCHEMA s CASCADE', ['drop schema s cascade']],
    ['DROP TYPE a.b', ['drop type a.b']],
    ['DROP FUNCTION a.f(int)', ['drop function a.f']],
    ['CREATE TABLE IF NOT EXISTS a.b ()', ['create table a.b']],
    ['CREATE TABLE b AS SELECT 1', ['create table b']],
    ['SELECT 1 INTO b', ['create table b']],
    ['CREATE SCHEMA s CREATE TABLE t ()', ['create table s.t']],
    ['ALTER INDEX app.i RENAME TO j', ['rename index app.i to app.j']],
    ['ALTER TABLE t RENAME CONSTRAINT a TO b', ['rename constraint a on t to b']],
    ['ALTER TRIGGER a ON t RENAME TO b', ['rename trigger a on t to b']],
    ['ALTER SCHEMA a RENAME TO b', ['rename schema a to b']],
    ['ALTER FOREIGN TABLE a RENAME TO b', ['rename table a to b']],
    [`ALTER TYPE app.mood RENAME VALUE 'a' TO 'b'`, ['rename enum value a on app.mood to b']],
    [`ALTER TYPE mood ADD VALUE 'a'`, []],
    ['CREATE INDEX i ON t (a)', []],
  ])('%s', (sql, expected) => {
    const changes = statementsOf(sql).flatMap(({ node }) => changesOf(node));
    expect(
      changes.map((change) => {
        const on = 'on' in change && change.on !== undefined ? ` on ${shown(change.on)}` : '';
        if (change.change === 'rename')
          return `rename ${change.what} ${shown(change.from)}${on} to ${shown(change.to)}`;
        const cascade = change.change === 'drop' && change.cascade ? ' cascade' : '';
        return `${change.change} ${change.what} ${shown(change.name)}${on}${cascade}`;
      }),
    ).toEqual(expected);
  });
});
