import { describe, expect, test } from 'vitest';
import { statementsOf } from '../../src/drivers/sqlite/statements.ts';
import { asAWhole, oneByOne } from './sqlite-oracle.ts';
import { garbage, randomScript, scripts, seeded } from './sqlite-scripts.ts';

describe('splitting a script', () => {
  test.each(Object.entries(scripts))('does what SQLite does with %s', (_, script) => {
    expect(oneByOne(script)).toEqual(asAWhole(script));
    expect(oneByOne(script).error).toBeUndefined();
  });

  test('finds as many statements as there are, whatever stands between them', () => {
    const random = seeded(20_261_120);
    for (let round = 0; round < 400; round += 1) {
      const { script, count } = randomScript(random);
      expect(statementsOf(script), script).toHaveLength(count);
      const whole = asAWhole(script);
      expect(whole.error, script).toBeUndefined();
      expect(oneByOne(script), script).toEqual(whole);
    }
  });

  test('leaves a database as SQLite would, with the same error, where the script is garbage', () => {
    const random = seeded(7);
    for (let round = 0; round < 1500; round += 1) {
      const script = Array.from({ length: 2 + random(12) }, () => garbage[random(garbage.length)]).join(
        random(2) ? ' ' : '',
      );
      expect(oneByOne(script), script).toEqual(asAWhole(script));
    }
  });

  test('gives nothing for a script without statements', () => {
    for (const script of [
      '',
      ' \n\t',
      ';',
      ' ; ;\n;',
      '-- only a comment;',
      '/* a; b */ -- c',
      '/* open; to the end',
      '\uFEFF',
    ]) {
      expect(statementsOf(script), JSON.stringify(script)).toEqual([]);
    }
  });

  test('numbers statements and gives the line of their first token, comments before it left out', () => {
    const script =
      '-- head;\n/* two\r\nlines */ SELECT 1;\r\n\r\n;\n  -- why\nCREATE TABLE t(\n  a\n) -- behind\n;SELECT 2 -- last';
    expect(statementsOf(script).map(({ sql, line, index }) => ({ sql, line, index }))).toEqual([
      { sql: 'SELECT 1', line: 3, index: 1 },
      { sql: 'CREATE TABLE t(\n  a\n) -- behind\n', line: 7, index: 2 },
      { sql: 'SELECT 2', line: 10, index: 3 },
    ]);
  });

  test('counts lines inside strings, names and comments', () => {
    const script = 'SELECT \'a\nb\', "c\nd" FROM [e\nf] /* g\nh */;\n SELECT 2';
    expect(statementsOf(script).map((statement) => statement.line)).toEqual([1, 6]);
  });

  test('reads a hundred thousand statements', () => {
    const statements = statementsOf("INSERT INTO t VALUES (1, 'x;y');\n".repeat(100_000));
    expect(statements).toHaveLength(100_000);
    expect(statements.at(-1)).toMatchObject({ line: 100_000, index: 100_000, kind: 'write' });
  });
});

describe('a statement that SQLite could not read to its end', () => {
  test.each([
    ["SELECT 1;\nSELECT 'a;\nb", 'the string that begins on line 2 has no closing quote'],
    ["SELECT 'it''", 'the string that begins on line 1 has no closing quote'],
    ['SELECT "a', 'the quoted name that begins on line 1 has no closing "'],
    ['SELECT\n`a``', 'the quoted name that begins on line 2 has no closing `'],
    ['SELECT [a', 'the quoted name that begins on line 1 has no closing ]'],
    ["SELECT x'00", 'the blob that begins on line 1 has no closing quote'],
    ['CREATE TRIGGER t AFTER INSERT ON b BEGIN SELECT 1;', 'the trigger has no END; after its BEGIN'],
    [
      'CREATE TRIGGER t AFTER INSERT ON b BEGIN SELECT CASE 1 WHEN 1 THEN 2 END;',
      'the trigger has no END; after its BEGIN',
    ],
    [
      'CREATE TRIGGER t AFTER INSERT ON b BEGIN SELECT 1;\nCREATE TABLE c(x);',
      'the trigger has no END; after its BEGIN',
    ],
    ['SELECT 1;\n\0DROP TABLE t', 'there is a NUL character on line 2, where SQLite would stop reading'],
  ])('says so of %j', (script, reason) => {
    const statements = statementsOf(script);
    expect(statements.map((statement) => statement.incomplete).filter((text) => text !== undefined)).toEqual([reason]);
    expect(statements.at(-1)?.incomplete).toBe(reason);
  });

  test('is never said of a complete script', () => {
    for (const script of Object.values(scripts)) {
      expect(
        statementsOf(script).every((statement) => !('incomplete' in statement)),
        script,
      ).toBe(true);
    }
  });

  test('is only the trigger itself where its BEGIN is missing too', () => {
    const statements = statementsOf('CREATE TRIGGER t AFTER INSERT ON b; CREATE TABLE c(x);');
    expect(statements.map((statement) => [statement.sql, statement.incomplete])).toEqual([
      ['CREATE TRIGGER t AFTER INSERT ON b', undefined],
      ['CREATE TABLE c(x)', undefined],
    ]);
  });
});

describe('the kind of a statement', () => {
  test.each([
    ['begin', ['BEGIN', 'begin immediate', 'BEGIN EXCLUSIVE TRANSACTION']],
    ['commit', ['COMMIT', 'end', 'END TRANSACTION', 'commit /* x */ transaction']],
    ['rollback', ['ROLLBACK', 'rollback transaction']],
    [
      'savepoint',
      ['SAVEPOINT a', 'RELEASE a', 'release savepoint a', 'ROLLBACK TO a', 'ROLLBACK TRANSACTION TO SAVEPOINT "a"'],
    ],
    ['standalone', ['VACUUM', 'vacuum main', "VACUUM INTO 'a;b.db'"]],
    ['attach', ["ATTACH 'a.db' AS a", 'ATTACH DATABASE x AS y', 'DETACH a']],
    [
      'query',
      [
        'SELECT 1',
        'VALUES (1)',
        'EXPLAIN DROP TABLE t',
        'EXPLAIN QUERY PLAN DELETE FROM t',
        'WITH a AS (SELECT 1) SELECT * FROM a',
      ],
    ],
    [
      'query',
      [
        'EXPLAIN CREATE TRIGGER t AFTER INSERT ON b BEGIN SELECT 1; END',
        'WITH replace(x) AS (VALUES (1)) SELECT x FROM replace',
      ],
    ],
    ['write', ['INSERT INTO t VALUES (1)', 'replace into t values (1)', 'UPDATE t SET a = 1', 'DELETE FROM t']],
    [
      'write',
      [
        'WITH a AS (SELECT 1), b(x) AS NOT MATERIALIZED (SELECT 2) DELETE FROM t',
        'WITH RECURSIVE a AS (VALUES (1)) REPLACE INTO t SELECT 1',
      ],
    ],
    ['ddl', ['CREATE TABLE t(begin int)', 'ALTER TABLE t ADD x', 'DROP VIEW v', 'REINDEX', 'ANALYZE main']],
    ['other', ['HELLO world', '"SELECT" 1', '.read x.sql', 'ſelect 1', '(SELECT 1)', 'PRAGMA']],
  ])('is %s', (kind, examples) => {
    for (const sql of examples) {
      const statements = statementsOf(`-- about it\n${sql};`);
      expect(statements.map((statement) => [statement.sql, statement.kind])).toEqual([[sql, kind]]);
    }
  });

  test.each([
    ['PRAGMA foreign_keys = OFF', 'foreign_keys', 'OFF'],
    ['pragma Foreign_Keys(0)', 'foreign_keys', '0'],
    ['PRAGMA foreign_keys == 1', 'foreign_keys', '1'],
    ['PRAGMA main.user_version = -7', 'user_version', '-7'],
    ['PRAGMA user_version = +7', 'user_version', '7'],
    ["PRAGMA main . journal_mode = 'wal'", 'journal_mode', 'wal'],
    ['PRAGMA "table_info"([a b])', 'table_info', 'a b'],
    ['PRAGMA /* c */ foreign_keys', 'foreign_keys', undefined],
    ['EXPLAIN PRAGMA foreign_keys = off', 'foreign_keys', 'off'],
  ])('is a pragma, with its name and value, for %s', (sql, pragma, value) => {
    expect(statementsOf(sql)).toEqual([{ sql, line: 1, index: 1, kind: 'pragma', pragma, value }]);
  });
});
