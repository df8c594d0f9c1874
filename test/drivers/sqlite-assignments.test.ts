import { afterAll, describe, expect, test } from 'vitest';
import { assignedBy, referencedByDdl, renamesOf } from '../../src/drivers/sqlite/assignments.ts';
import { forAssignments, triggersFired } from './sqlite-oracle.ts';

const database = forAssignments();
afterAll(() => database.close());

describe('the columns that an UPDATE or an upsert gives values to', () => {
  test.each([
    ['UPDATE t SET a = a + 1 WHERE id = 2', ['a']],
    ['update or ignore main.t set A = a, "b" = 2, [c] == 3, `from` = 4', ['A', 'b', 'c', 'from']],
    ["UPDATE 't' SET 'b' = 1", ['b']],
    ['UPDATE t AS u INDEXED BY sqlite_autoindex_t_1 SET b = u.c WHERE a = 1', ['b']],
    ['UPDATE t NOT INDEXED SET b = (SELECT max(a, b) FROM old WHERE a = 1), c = 2', ['b', 'c']],
    ['UPDATE t SET (b, "größe;") = (1, 2), (c) = (3)', ['b', 'größe;', 'c']],
    ['UPDATE t SET (b, c) = (SELECT 1, 2 FROM old), "from" = 1 WHERE id IN (1, 2)', ['b', 'c', 'from']],
    ['UPDATE t SET b = CASE WHEN a IN (1, 2) THEN max(1, 2) ELSE CASE c WHEN 1 THEN 2 END END, c = 0', ['b', 'c']],
    ["UPDATE t SET b = ', c = 1 WHERE', c = 'SET a = 1' -- , id = 3\n WHERE 1 /* , a = 2 */", ['b', 'c']],
    ['UPDATE t SET b = c IS DISTINCT FROM a, c = 1', ['b', 'c']],
    ['UPDATE t SET b = c IS NOT DISTINCT FROM a, c = 1 FROM (SELECT 1 AS x), (SELECT 2) WHERE x = 1', ['b', 'c']],
    ['UPDATE t SET b = 1 WHERE id = 1 RETURNING a, b = c, c', ['b']],
    ['UPDATE t SET b = 1 ORDER BY a, c LIMIT 9', ['b']],
    ['UPDATE t SET b = 1 RETURNING id, a', ['b']],
    ['WITH x(v) AS (SELECT 1), y AS MATERIALIZED (SELECT 2) UPDATE t SET c = (SELECT v FROM x), b = 1', ['c', 'b']],
    ['WITH replace AS (SELECT 1) UPDATE t SET c = 1', ['c']],
    ['INSERT INTO t(id, a) VALUES (1, 5) ON CONFLICT (id) DO UPDATE SET b = excluded.a, c = 2 WHERE a < 9', ['b', 'c']],
    ['INSERT INTO t AS x (id, a) VALUES (1, 5) ON CONFLICT DO UPDATE SET (b, c) = (x.b, 1) RETURNING a', ['b', 'c']],
    [
      'INSERT INTO t(id, a) VALUES (1, 5), (9, 2) ON CONFLICT (id) WHERE 1 DO UPDATE SET b = 1 ON CONFLICT (a) DO UPDATE SET c = 1',
      ['b', 'c'],
    ],
    ['INSERT INTO t(id, a) SELECT id, a FROM t WHERE true ON CONFLICT DO UPDATE SET "from" = 1', ['from']],
    [
      'WITH x AS (SELECT 1 AS id) INSERT INTO t(id) SELECT id FROM x WHERE 1 ON CONFLICT (id) DO UPDATE SET c = excluded.id',
      ['c'],
    ],
    [
      'INSERT INTO t(id) WITH x AS (SELECT 1 AS id) SELECT id FROM x WHERE 1 ON CONFLICT (id) DO UPDATE SET b = 1',
      ['b'],
    ],
  ])('are those whose triggers fire: %s', (sql, columns) => {
    expect(assignedBy(sql)).toEqual(columns.map((column) => `t.${column}`));
    expect(triggersFired(database, sql)).toEqual(new Set(columns.map((column) => column.toLowerCase())));
  });
});

describe('the columns that a statement gives values to', () => {
  test.each([
    ['REPLACE INTO t(id, a) VALUES (1, 2)', ['t.id', 't.a']],
    ['INSERT OR REPLACE INTO t(id, "from") SELECT id, a FROM old', ['t.id', 't.from']],
    ['WITH x AS (SELECT 1) REPLACE INTO main.t SELECT *, 1, 2 FROM old', ['t.*']],
    ['REPLACE INTO t AS x (id) VALUES (1)', ['t.id']],
    ['REPLACE INTO t DEFAULT VALUES', ['t.*']],
  ])('are all that it replaces: %s', (sql, columns) => {
    expect(assigned(sql)).toEqual(columns);
  });

  test.each([
    ['INSERT INTO new(id, a) SELECT id, a FROM old', []],
    ['INSERT INTO new(id, a) SELECT DISTINCT o.id, "O"."A" FROM old AS o', []],
    ['INSERT INTO new(id, a) SELECT main.old.id AS id, old.a AS other FROM old', []],
    ["INSERT INTO new(id, a) SELECT id x, old.a 'y' FROM old", []],
    ['INSERT INTO new(id, a, b) SELECT id, lower(a), b FROM old', ['new.a']],
    ['INSERT INTO new(id, a, b) SELECT id, b, a FROM old', ['new.a', 'new.b']],
    [
      'INSERT INTO new(id, a, b) SELECT id, a || b AS a, coalesce(b, 1, 2) FROM old WHERE a IN (1, 2) ORDER BY 1, 2',
      ['new.a', 'new.b'],
    ],
    ['INSERT INTO new(id, a, b) SELECT id, \'a\', "b" FROM old', ['new.a']],
    ['INSERT INTO new(id, a, b) SELECT id, NULL, current_timestamp FROM old', ['new.a', 'new.b']],
    ['INSERT INTO new(id, a, b) SELECT id, NOT a, b ISNULL FROM old', ['new.a', 'new.b']],
    [
      'INSERT INTO new(id, a, b, c) SELECT id, CASE a WHEN 1 THEN b END, CAST(b AS TEXT), c COLLATE nocase FROM old',
      ['new.a', 'new.b', 'new.c'],
    ],
    ['INSERT INTO new(id, a, b) SELECT id, a IS DISTINCT FROM b, b FROM old', ['new.a']],
    ['INSERT INTO new(id, a, b) SELECT id, (SELECT a FROM old), b FROM old', ['new.a']],
    [
      'INSERT INTO new(id, a) SELECT id, a FROM old UNION ALL SELECT id, a + 1 FROM old EXCEPT SELECT 1, a FROM old',
      ['new.a', 'new.id'],
    ],
    ['INSERT INTO new(id, a) VALUES (1, 2) UNION SELECT id, b FROM old', ['new.a']],
    ['INSERT INTO new(id, a) WITH x AS (SELECT 1 AS id) SELECT id, id + 1 FROM x', ['new.a']],
    ['INSERT INTO new(id, a, b, c, "from") SELECT *, 0 FROM old', ['new.from']],
    ['INSERT INTO new(id, a, b, c, "from") SELECT 1, o.* FROM old AS o', ['new.id']],
    ['INSERT INTO new(id, a) SELECT count(*), max(a) FROM old GROUP BY a HAVING count(*) > 1', ['new.id', 'new.a']],
    ['INSERT INTO new(id, a) SELECT 1, 2 UNION SELECT 3, 4', ['new.id', 'new.a']],
    ['INSERT INTO new(id, a) SELECT 1, 2 RETURNING id, a', ['new.id', 'new.a']],
    ['INSERT INTO new(id, a) SELECT id, a FROM old RETURNING id, a', []],
    ['INSERT INTO [my table]("it\'s", [set]) SELECT "it\'s", "it\'s" FROM [my table]', ['my table.set']],
  ])('in a rebuild are those that are more than a copy: %s', (sql, columns) => {
    expect(assigned(sql)).toEqual(columns);
  });

  test.each([
    ['INSERT INTO new SELECT * FROM t', []],
    ['INSERT INTO new SELECT id, b, a, c, c, c FROM old', []],
    ['INSERT INTO new SELECT id, a, upper(b) AS b, c, c, c FROM old', ['new.b']],
    ['INSERT INTO new SELECT id, a, upper(b) b, c, c, c FROM old', ['new.b']],
    ['INSERT INTO new SELECT id, a, upper(b), c, c, c FROM old', ['new.*']],
    ['INSERT INTO new SELECT id, NOT a, b, c, c, c FROM old', ['new.*']],
    ['INSERT INTO new SELECT id, a, b, c, c, NULL FROM old', ['new.*']],
    ['INSERT INTO new SELECT id, a, b, c, c, true FROM old', ['new.*']],
    ['INSERT INTO new SELECT id, b AS a, b AS b, c, c, c FROM old', ['new.a']],
    ['INSERT INTO new SELECT *, 0, 1 FROM old', ['new.*']],
  ])('without a list of columns are as the results are named: %s', (sql, columns) => {
    expect(assigned(sql)).toEqual(columns);
  });

  test.each([
    ['INSERT INTO new SELECT id, a, upper(b), c, c, c FROM old', ['new.b']],
    ['INSERT INTO new SELECT id, a, upper(b) AS wrong, c, c, c FROM old', ['new.b']],
    ['INSERT INTO new SELECT id, b, a, c, c, c FROM old', []],
    ['INSERT INTO new SELECT id, NOT a, b, c, c, NULL FROM old', ['new.a', 'new.größe;']],
    ['INSERT INTO new SELECT *, 0, 1 FROM old', ['new.from', 'new.größe;']],
    ['INSERT INTO new SELECT 7, o.*, 1 FROM old AS o', ['new.id', 'new.größe;']],
    ['INSERT INTO new SELECT x.*, 7, y.* FROM (SELECT 1) AS x, old AS y', ['new.*']],
    ['INSERT INTO new SELECT x.*, 7 AS a, y.* FROM (SELECT 1) AS x, old AS y', ['new.a']],
  ])('without a list of columns are told by place where the table is known: %s', (sql, columns) => {
    database.prepare(sql);
    const known = (table: string): readonly string[] | undefined =>
      table === 'new' ? ['id', 'a', 'b', 'c', 'from', 'größe;'] : undefined;
    expect(assignedBy(sql, known)).toEqual(columns);
  });

  test.each([
    ['CREATE TABLE x AS SELECT * FROM t', []],
    ['CREATE TABLE IF NOT EXISTS main.x AS SELECT id, t.a AS a, trim(b) AS b, c AS d, 1 + 1 FROM t', ['x.b', 'x.d']],
    ['CREATE TABLE x AS WITH y AS (SELECT 1 AS z) SELECT z, z + 1 AS w FROM y', ['x.w']],
  ])('in a table made from a query are those that are more than a copy: %s', (sql, columns) => {
    expect(assigned(sql)).toEqual(columns);
  });

  test.each([
    'INSERT INTO t(id, a) VALUES (7, 1), (8, (SELECT max(a) FROM t))',
    'INSERT INTO t DEFAULT VALUES',
    'INSERT OR IGNORE INTO t(id) VALUES (1)',
    'INSERT INTO t(id) VALUES (1) ON CONFLICT DO NOTHING',
    'DELETE FROM t WHERE a = 1 RETURNING a',
    'WITH x AS (SELECT 1 AS a) DELETE FROM t WHERE a IN (SELECT a FROM x)',
    'ALTER TABLE t RENAME COLUMN a TO z',
    'ALTER TABLE t ADD COLUMN z DEFAULT 1',
    'CREATE TABLE x(a, b)',
    'CREATE TRIGGER x AFTER INSERT ON t BEGIN UPDATE t SET a = 1; END',
    'CREATE TEMP TABLE x AS SELECT a + 1 AS a FROM t',
    'EXPLAIN UPDATE t SET a = 1',
    'SELECT a = 1 FROM t',
    'PRAGMA user_version = 1',
    '',
  ])('are none: %s', (sql) => {
    expect(sql === '' ? assignedBy(sql) : assigned(sql)).toEqual([]);
  });

  test('keep the name that is written, a hidden one too', () => {
    expect(assigned('UPDATE t SET rowid = rowid + 10, "B" = 1')).toEqual(['t.rowid', 't.B']);
  });

  test('are none of main where the table is in another schema', () => {
    database.exec('CREATE TEMP TABLE t2(a)');
    expect(assigned('UPDATE temp.t2 SET a = 1')).toEqual([]);
    expect(assigned('INSERT INTO temp.t2(a) SELECT a + 1 FROM t')).toEqual([]);
  });
});

describe('a change to the definition of a table', () => {
  test.each([
    ['DROP TABLE t', { action: 'drop-table', table: 't' }],
    ['drop table if exists main."seen"', { action: 'drop-table', table: 'seen' }],
    ["DROP TABLE 'my table'", { action: 'drop-table', table: 'my table' }],
    ['ALTER TABLE t RENAME TO "z;"', { action: 'rename-table', table: 't' }],
    ['ALTER TABLE [my table] RENAME COLUMN id TO [to]', { action: 'alter', table: 'my table' }],
    ['ALTER TABLE t RENAME c TO d', { action: 'alter', table: 't' }],
    ['ALTER TABLE main.old DROP COLUMN c', { action: 'alter', table: 'old' }],
    ['ALTER TABLE old DROP c', { action: 'alter', table: 'old' }],
    ['ALTER TABLE t ADD COLUMN d REFERENCES old(id)', undefined],
    ['DROP INDEX IF EXISTS i', undefined],
    ['DROP VIEW IF EXISTS v', undefined],
    ['DELETE FROM t', undefined],
    ['CREATE TABLE y(x)', undefined],
  ])('is told by %s', (sql, change) => {
    database.prepare(sql);
    expect(referencedByDdl(sql)).toEqual(change);
  });

  test('is a new name only where the table itself is renamed', () => {
    expect(renamesOf('ALTER TABLE main."t" RENAME TO [z;]')).toEqual({ from: 't', to: 'z;' });
    expect(renamesOf("-- why\nalter table 'my table' /* x */ rename to new -- done")).toEqual({
      from: 'my table',
      to: 'new',
    });
    expect(renamesOf('ALTER TABLE t RENAME COLUMN a TO z')).toBeUndefined();
    expect(renamesOf('ALTER TABLE t RENAME a TO z')).toBeUndefined();
    expect(renamesOf('ALTER TABLE temp.t RENAME TO z')).toBeUndefined();
    expect(renamesOf('DROP TABLE t')).toBeUndefined();
  });
});

/** Only what SQLite itself accepts is worth a test. */
function assigned(sql: string): readonly string[] {
  database.prepare(sql);
  return assignedBy(sql);
}
