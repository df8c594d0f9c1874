import { beforeAll, describe, expect, test } from 'vitest';
import { loadParser } from '../../src/drivers/postgres/parser.ts';
import { statementsOf } from '../../src/drivers/postgres/statements.ts';
import { isForerunError } from '../../src/error.ts';
import { permitsIn } from '../../src/permits.ts';
import { between, seeded, singles } from './postgres-scripts.ts';

beforeAll(loadParser);

describe('splitting a PostgreSQL script', () => {
  test('finds every statement as it was written, whatever stands between them', () => {
    const random = seeded(20_261_120);
    for (let round = 0; round < 300; round += 1) {
      const chosen = Array.from({ length: 1 + random(6) }, () => singles[random(singles.length)] ?? '');
      const separators = chosen.map(() => between[random(between.length)] ?? '');
      const script = chosen.map((sql, at) => `${separators[at]}${sql}${random(3) === 0 ? ' ' : ''};`).join('');
      const found = statementsOf(script);
      expect(
        found.map(({ sql }) => sql),
        script,
      ).toEqual(chosen);
      expect(found.map(({ index }) => index)).toEqual(chosen.map((_, at) => at + 1));
      let from = 0;
      for (const statement of found) {
        from = script.indexOf(statement.sql, from);
        expect(statement.line, script).toBe(script.slice(0, from).split('\n').length);
        from += statement.sql.length;
      }
    }
  });

  test.each(singles)('reads %s as one statement', (sql) => {
    expect(statementsOf(sql).map((statement) => statement.sql)).toEqual([sql]);
    expect(statementsOf(`${sql}\n;\n`)).toHaveLength(1);
  });

  test('gives nothing for a script without statements', () => {
    for (const script of [
      '',
      ' \n\t',
      ';',
      ' ; ;\n;',
      '-- only a comment;',
      '/* a; /* b */ c */ -- d',
      '\uFEFF',
      '\uFEFF;',
    ]) {
      expect(statementsOf(script), JSON.stringify(script)).toEqual([]);
    }
  });

  test('keeps the comments before a statement apart, and permits in them are found', () => {
    const script = `-- Größe 😀
      -- forerun: allow rows-lost users
      DELETE FROM users; -- behind
      /* why /* nested */ */
      SELECT 'ü; -- no comment' -- the last`;
    expect(statementsOf(script).map(({ sql, comment, line, kind }) => ({ sql, comment, line, kind }))).toEqual([
      {
        sql: 'DELETE FROM users',
        comment: '-- Größe 😀\n      -- forerun: allow rows-lost users',
        line: 3,
        kind: 'DeleteStmt',
      },
      {
        sql: `SELECT 'ü; -- no comment'`,
        comment: '-- behind\n      /* why /* nested */ */',
        line: 5,
        kind: 'SelectStmt',
      },
    ]);
    expect(permitsIn(statementsOf(script)[0]?.comment ?? '')).toEqual([{ what: 'rows-lost', subject: 'users' }]);
  });

  test('leaves a byte order mark out, and keeps Windows line ends inside statements', () => {
    expect(statementsOf('\uFEFFSELECT\r\n1;\r\nSELECT 2').map(({ sql, line }) => [sql, line])).toEqual([
      ['SELECT\r\n1', 1],
      ['SELECT 2', 3],
    ]);
  });

  test('reads tens of thousands of statements in one go', () => {
    const script = `INSERT INTO t (a, b) VALUES (1, 'é');\n`.repeat(20_000);
    const found = statementsOf(script);
    expect(found).toHaveLength(20_000);
    expect(found.at(-1)).toMatchObject({ sql: `INSERT INTO t (a, b) VALUES (1, 'é')`, line: 20_000 });
  });
});

describe('a script that is no SQL', () => {
  test.each([
    ['SELECT 1;\nSELEC 2;\nSELECT 3', 2, 2, 'SELEC 2', 'syntax error at or near "SELEC"'],
    [`SELECT 'é😀';\n\nSELECT 'open`, 3, 2, `SELECT 'open`, 'unterminated quoted string at or near "\'open"'],
    ['SELECT $x$ open', 1, 1, 'SELECT $x$ open', 'unterminated dollar-quoted string at or near "$x$ open"'],
    ['SELECT 1 /* open', 1, 1, 'SELECT 1 /* open', 'unterminated /* comment at or near "/* open"'],
    ['CREATE TABLE t (\n  a int,\n)', 3, 1, 'CREATE TABLE t (\n  a int,\n)', 'syntax error at or near ")"'],
    ['SELECT 1;\nCREATE TABLE t (a int', 2, 2, 'CREATE TABLE t (a int', 'syntax error at end of input'],
    [
      'CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1;\nSELEC 2; END;',
      2,
      1,
      'CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1;\nSELEC 2',
      'syntax error at or near "SELEC"',
    ],
  ])('%j fails with the line, the statement and PostgreSQL’s words', (script, line, statement, sql, message) => {
    const error = errorOf(() => statementsOf(script, 'up.sql'));
    expect(error).toMatchObject({
      code: 'STATEMENT_FAILED',
      message,
      details: { code: '42601', where: { file: 'up.sql', line, statement, sql } },
    });
  });

  test.each([
    ['SELECT 1;\n\\i other.sql\n', 2, '\\i is a command of psql'],
    ['\\set x 1\nSELECT 1', 1, '\\set is a command of psql'],
    ['SELECT 1 \\gexec', 1, '\\gexec is a command of psql'],
    ['\\restrict abc\nSET x = 1;', 1, '\\restrict is a command of psql'],
    ["\n\\copy t from 'x.csv'", 2, '\\copy is a command of psql'],
    ["SELECT :'name'", 1, ":'name' is a variable of psql"],
    ['SELECT 1;\nSELECT * FROM t WHERE a = :id', 2, ':id is a variable of psql'],
    ['COPY t (a, b) FROM stdin;\n1\tit’s\n\\.\n', 2, 'The rows behind COPY'],
    ['SELECT 1;\nCOPY t FROM STDIN WITH (FORMAT csv);\n\\.\nSELECT 2;', 3, 'The rows behind COPY'],
    ["COPY t FROM stdin;\nit's\n\\.\nSELECT 2;", 2, 'The rows behind COPY'],
    ['SELECT 1;\n\0DROP TABLE x', 2, 'a NUL character'],
  ])('%j is refused with the line and what to do', (script, line, words) => {
    const error = errorOf(() => statementsOf(script));
    if (!isForerunError(error, 'BAD_MIGRATION')) throw error;
    expect(error.message).toContain(words);
    expect(error.details.where?.line).toBe(line);
    expect(error.next).toBeDefined();
  });

  test('is refused where it is nested too deeply for the parser, which goes on working', () => {
    for (const script of [`SELECT 1${'+1'.repeat(60_000)}`, `SELECT ${'('.repeat(60_000)}1${')'.repeat(60_000)}`]) {
      const error = errorOf(() => statementsOf(script));
      expect(isForerunError(error, 'BAD_MIGRATION') && error.message).toContain('nested too deeply');
      expect(statementsOf('SELECT 1; SELECT 2')).toHaveLength(2);
    }
  });
});

function errorOf(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}
