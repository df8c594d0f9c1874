import { beforeAll, describe, expect, test } from 'vitest';
import { loadParser } from '../../src/drivers/postgres/parser.ts';
import { readScript, type Script } from '../../src/drivers/postgres/script-plan.ts';
import { isForerunError } from '../../src/error.ts';

beforeAll(loadParser);

describe('transaction control in a PostgreSQL script', () => {
  test('is left out and said so, modes as well; savepoints stay', () => {
    const script = readScript(
      `BEGIN ISOLATION LEVEL SERIALIZABLE; SET TRANSACTION READ ONLY;
       SAVEPOINT a; INSERT INTO t VALUES (1); ROLLBACK TO a; RELEASE a;
       SET application_name = 'x'; SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY; LOCK TABLE t;
       COMMIT; START TRANSACTION; END`,
      'up.sql',
    );
    expect(script.statements.map(({ sql }) => sql)).toEqual([
      'SAVEPOINT a',
      'INSERT INTO t VALUES (1)',
      'ROLLBACK TO a',
      'RELEASE a',
      'LOCK TABLE t',
    ]);
    expect(script.all).toHaveLength(12);
    expect(script.notes).toEqual([
      'Left out its own transaction control: BEGIN (line 1), COMMIT (line 4), START (line 4), END (line 4). The migration and its history row share one transaction.',
      "Left out the modes of its transactions (line 1, line 3, line 1): it runs in a transaction of Forerun's, which has its own.",
      'Left out SET application_name (line 3): Forerun finds its own sessions by it.',
    ]);
  });

  test.each([
    ['INSERT INTO t VALUES (1);\nROLLBACK', 2, 'ROLLBACK would undo the migration'],
    ['ABORT', 1, 'ROLLBACK would undo the migration'],
    ["PREPARE TRANSACTION 'x'", 1, 'A prepared transaction outlives'],
    ["COMMIT PREPARED 'x'", 1, 'A prepared transaction outlives'],
    ["ROLLBACK PREPARED 'x'", 1, 'A prepared transaction outlives'],
    ['SAVEPOINT forerun', 1, 'The savepoint "forerun" is Forerun’s own'],
    ['ROLLBACK TO "forerun_reading"', 1, 'The savepoint "forerun_reading" is Forerun’s own'],
    ['RELEASE FORERUN', 1, 'The savepoint "forerun" is Forerun’s own'],
    ["SET TRANSACTION SNAPSHOT '1-1'", 1, 'SET TRANSACTION SNAPSHOT'],
    ['SELECT 1;\n\nCOPY t FROM STDIN;', 3, 'COPY … FROM stdin'],
    ['COPY t TO STDOUT', 1, 'COPY … TO stdout'],
    ["SET client_encoding = 'LATIN1'", 1, 'sent as UTF-8, not as LATIN1'],
    ['SET standard_conforming_strings = off', 1, 'standard_conforming_strings off'],
    [
      'BEGIN;\nALTER TABLE t ADD a int;\nCREATE INDEX CONCURRENTLY i ON t (a);\nCOMMIT;',
      3,
      'inside the script’s own transaction (BEGIN (line 1)), where PostgreSQL refuses it: CREATE INDEX CONCURRENTLY',
    ],
    ['BEGIN;\nCOMMIT AND CHAIN;\nVACUUM', 3, 'inside the script’s own transaction (COMMIT (line 2))'],
    [
      'BEGIN; SET LOCAL search_path = a; CREATE TABLE t (); COMMIT;\nCREATE TABLE u ()',
      1,
      'SET LOCAL search_path is to end',
    ],
  ])('refuses %j on line %i', (sql, line, words) => {
    const error = errorOf(() => readScript(sql, 'up.sql'));
    if (!isForerunError(error, 'BAD_MIGRATION')) throw error;
    expect(error.message.replaceAll("'", '’')).toContain(words);
    expect(error.details.where).toMatchObject({ file: 'up.sql', line });
    expect(error.next).toBeDefined();
  });

  test.each([
    'ROLLBACK TO a',
    'SAVEPOINT forerunner',
    "SET client_encoding = 'UTF8'; SET NAMES 'utf-8'; RESET client_encoding",
    'SET standard_conforming_strings = on',
    "COPY t FROM '/tmp/x'; COPY t FROM PROGRAM 'cat'",
    'BEGIN; CREATE TABLE t (a int); COMMIT; CREATE INDEX CONCURRENTLY i ON t (a); BEGIN; DROP TABLE u; COMMIT',
    "BEGIN; SET LOCAL lock_timeout = '2s'; DROP TABLE a; COMMIT; BEGIN; SET LOCAL lock_timeout = '2s'; DROP TABLE b; COMMIT",
    'BEGIN; SET LOCAL search_path = a; DROP TABLE a; COMMIT; BEGIN; SET LOCAL search_path = b; DROP TABLE b; COMMIT',
    'BEGIN; SET LOCAL search_path = a; DROP TABLE a; SET LOCAL search_path TO DEFAULT; COMMIT; DROP TABLE b',
    'BEGIN; SET LOCAL search_path = a; DROP TABLE a; COMMIT',
    'BEGIN; SET LOCAL search_path = a; DROP TABLE a; COMMIT; VACUUM; DROP TABLE b',
    'SET LOCAL search_path = a; BEGIN; DROP TABLE a; COMMIT; DROP TABLE b',
    "BEGIN; ALTER TYPE e ADD VALUE 'x'; COMMIT; UPDATE t SET a = 'x'",
  ])('accepts %j', (sql) => {
    expect(readScript(sql, undefined).statements.length).toBeGreaterThan(0);
  });
});

describe('a PostgreSQL script in stretches', () => {
  test('is one transaction where nothing stands alone', () => {
    const script = readScript(
      'CREATE TABLE t (a int); CREATE INDEX i ON t (a); REFRESH MATERIALIZED VIEW CONCURRENTLY v',
      'x',
    );
    expect(shapeOf(script)).toEqual([['CREATE', 'CREATE', 'REFRESH']]);
    expect(script.notes).toEqual([]);
  });

  test('is split around the statements that stand alone, and says so', () => {
    const script = readScript(
      `SET LOCAL work_mem = '1GB';
ALTER TABLE t ADD a int;
CREATE INDEX CONCURRENTLY i ON t (a);
VACUUM t;
UPDATE t SET a = 1;
BEGIN; DELETE FROM t; COMMIT;
DO $$ BEGIN COMMIT; END $$`,
      'up.sql',
    );
    expect(shapeOf(script)).toEqual([['SET', 'ALTER'], 'CREATE', 'VACUUM', ['UPDATE', 'DELETE'], 'DO']);
    expect(script.notes.slice(1)).toEqual([
      'Ran 3 statements outside a transaction (line 3: CREATE INDEX CONCURRENTLY commits several times; line 4: VACUUM cannot run inside a transaction; line 7: it commits or rolls back in its own text); the rest ran in 2 transactions.',
      'SET LOCAL (line 1) held only up to the next statement that stands alone.',
    ]);
  });

  test('is empty for a script of control alone', () => {
    expect(readScript('BEGIN; COMMIT', undefined).stretches).toEqual([]);
  });
});

function shapeOf({ stretches }: Script): readonly unknown[] {
  const first = ({ sql }: { readonly sql: string }): string | undefined => sql.split(' ')[0];
  return stretches.map((stretch) =>
    stretch.kind === 'alone' ? first(stretch.statement) : stretch.statements.map(first),
  );
}

function errorOf(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}
