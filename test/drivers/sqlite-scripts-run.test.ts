import { describe, expect, test } from 'vitest';
import type { ForerunError } from '../../src/error.ts';
import { failure, newFile, recorded } from './fixtures/sqlite-file.ts';

describe('transaction control in a script', () => {
  test('is left out, and said so with its lines', async () => {
    const file = newFile('CREATE TABLE t (a)');
    const { notes, steps } = await file.apply(
      'BEGIN TRANSACTION;\nINSERT INTO t VALUES (1);\nCOMMIT;\n\nBEGIN;INSERT INTO t VALUES (2);\nEND;',
    );
    expect(steps).toEqual(['afterBegin', 'statement', 'statement', 'beforeCommit']);
    expect(notes).toEqual([
      'Left out its own transaction control: BEGIN (line 1), COMMIT (line 3), BEGIN (line 5), END (line 6). The migration and its history row share one transaction.',
    ]);
    expect(file.read('SELECT a FROM t')).toEqual([1, 2]);
  });

  test('around a statement that fails leaves nothing of what stood before its COMMIT', async () => {
    const file = newFile('CREATE TABLE t (a)');
    await failure(file.apply('BEGIN; INSERT INTO t VALUES (1); COMMIT; INSERT INTO nowhere VALUES (1)'));
    expect(file.read('SELECT a FROM t')).toEqual([]);
  });

  test('by savepoints of its own works', async () => {
    const file = newFile('CREATE TABLE t (a)');
    await file.apply('SAVEPOINT s; INSERT INTO t VALUES (1); ROLLBACK TO s; RELEASE s; INSERT INTO t VALUES (2)');
    expect(file.read('SELECT a FROM t')).toEqual([2]);
  });

  test('that SQLite itself exercises rolls everything back', async () => {
    const file = newFile(
      "CREATE TABLE t (a UNIQUE); INSERT INTO t VALUES (1); CREATE TRIGGER r BEFORE DELETE ON t BEGIN SELECT raise(ROLLBACK, 'keep it'); END",
    );
    for (const sql of ['INSERT OR ROLLBACK INTO t VALUES (2), (1)', 'UPDATE t SET a = 5; DELETE FROM t']) {
      const error = await failure(file.apply(sql));
      expect(error.code).toBe('STATEMENT_FAILED');
      expect(file.read('SELECT a FROM t')).toEqual([1]);
    }
  });
});

describe('a statement that no migration can hold', () => {
  test.each([
    ['ROLLBACK', 'ROLLBACK', 2],
    ['ATTACH', "ATTACH 'other.db' AS other", 2],
    ['DETACH', 'DETACH other', 2],
    ['VACUUM INTO', "VACUUM INTO 'other.db'", 2],
    ['VACUUM main INTO', "VACUUM main INTO 'other.db'", 2],
    ['journal_mode', 'PRAGMA journal_mode = WAL', 2],
    ['journal_mode', 'PRAGMA main.journal_mode(DELETE)', 2],
    ['page_size', 'PRAGMA page_size = 8192', 2],
    ['wal_checkpoint', 'PRAGMA wal_checkpoint', 2],
    ["Forerun's own savepoint", 'RELEASE SAVEPOINT forerun', 2],
    ["Forerun's own savepoint", 'ROLLBACK TO "FORERUN"', 2],
    ['a parameter', 'INSERT INTO t VALUES\n (\n?)', 4],
    ['a named parameter', "UPDATE t SET a = ':no'\n WHERE a = :yes", 3],
    ['a quote without an end', "INSERT INTO t VALUES ('open", 2],
  ])('%s is refused before anything runs, with its line: %s', async (_, sql, line) => {
    const file = newFile('CREATE TABLE t (a)');
    const attempt = recorded();
    const error = (await failure(
      file.driver.script(`INSERT INTO t VALUES (1);\n${sql}`, 'm.sql')(file.target, attempt),
    )) as ForerunError<'BAD_MIGRATION'>;
    expect(error).toMatchObject({ code: 'BAD_MIGRATION', details: { where: { file: 'm.sql', line, statement: 2 } } });
    expect(error.next).toMatch(/\w/);
    expect(attempt.steps).toEqual([]);
    expect(file.read('SELECT a FROM t')).toEqual([]);
  });

  test('is none of those that only look like one', async () => {
    const file = newFile('CREATE TABLE t (a)');
    const { statements } = await file.apply(
      "PRAGMA journal_mode;\nINSERT INTO t VALUES ('ROLLBACK; ATTACH ?1 :a @b $c');\n-- ROLLBACK ?\nCREATE TRIGGER g AFTER INSERT ON t BEGIN SELECT CASE WHEN new.a = '?' THEN raise(ABORT, 'no: ?') ELSE CASE 1 WHEN 1 THEN 2 END END; END;\nCREATE VIEW \"a?b\" AS SELECT 1",
    );
    expect(statements).toHaveLength(4);
  });
});

describe('a pragma in a script', () => {
  test('takes effect once, where it stands', async () => {
    const file = newFile('CREATE TABLE t (a)');
    await failure(file.apply('PRAGMA user_version = 5; INSERT INTO nowhere VALUES (1)'));
    expect(file.read('PRAGMA user_version')).toEqual([0]);
    await file.apply('PRAGMA user_version = 6; PRAGMA application_id = 7');
    expect([...file.read('PRAGMA user_version'), ...file.read('PRAGMA application_id')]).toEqual([6, 7]);
  });

  test('is not run by being explained', async () => {
    const file = newFile('CREATE TABLE t (a CHECK (a > 0))');
    // SQLite applies this one while it compiles it: the row before must still be checked.
    const error = await failure(file.apply('INSERT INTO t VALUES (-1); PRAGMA ignore_check_constraints = ON'));
    expect(error.message).toBe('CHECK constraint failed: a > 0');
    const { statements } = await file.apply('PRAGMA ignore_check_constraints = ON; INSERT INTO t VALUES (-1)');
    expect(statements.map(({ writes }) => writes)).toEqual([[], ['t']]);
  });
});

describe('a script with VACUUM', () => {
  test('runs without our transaction, keeps its own, and names the statement', async () => {
    const file = newFile('CREATE TABLE t (a)');
    const { steps, notes } = await file.apply('BEGIN;\nINSERT INTO t VALUES (1);\nCOMMIT;\nVACUUM;');
    expect(steps).toEqual(Array.from({ length: 4 }, () => 'statement'));
    expect(notes).toEqual(['Ran without a transaction of ours, because of VACUUM (line 4).']);
    expect(file.read('SELECT a FROM t')).toEqual([1]);
  });

  test('does not lose the children of a table that it rebuilds', async () => {
    const file = newFile(
      'CREATE TABLE u (id INTEGER PRIMARY KEY); CREATE TABLE o (u REFERENCES u ON DELETE CASCADE); INSERT INTO u VALUES (1); INSERT INTO o VALUES (1)',
    );
    await file.apply(
      'CREATE TABLE n (id INTEGER PRIMARY KEY, x); INSERT INTO n (id) SELECT id FROM u; DROP TABLE u; ALTER TABLE n RENAME TO u; VACUUM',
    );
    expect(file.read('SELECT u FROM o')).toEqual([1]);
  });

  test('that begins a transaction and does not commit it fails', async () => {
    const file = newFile('CREATE TABLE t (a)');
    const error = await failure(file.apply('VACUUM; BEGIN; INSERT INTO t VALUES (1)'));
    expect(error).toMatchObject({ code: 'BAD_MIGRATION', details: { where: { file: 'm.sql' } } });
    expect(file.read('SELECT a FROM t')).toEqual([]);
  });
});

describe('a script', () => {
  test('that is to run alone does so', async () => {
    const file = newFile('CREATE TABLE t (a)');
    const { steps } = await file.apply('INSERT INTO t VALUES (1); INSERT INTO t VALUES (2)', { alone: true });
    expect(steps).toEqual(['statement', 'statement']);
  });

  test('with a comment that is never closed says that nothing after it was run', async () => {
    const file = newFile('CREATE TABLE t (a)');
    const { notes } = await file.apply(
      "INSERT INTO t VALUES ('/*');\n/* closed */ INSERT INTO t VALUES (2);\n/* one INSERT INTO t VALUES (3);\n/* */",
    );
    expect(notes).toEqual([]);
    const cut = await file.apply('INSERT INTO t VALUES (4);\n/* open\nINSERT INTO t VALUES (5);');
    expect(cut.notes).toEqual(['The comment that begins on line 2 is never closed: nothing after it was run.']);
    expect(file.read('SELECT a FROM t')).toEqual(['/*', 2, 4]);
  });

  test('says which tables each statement can write, triggers and cascades included, under their last names', async () => {
    const file = newFile(`
      CREATE TABLE u (id INTEGER PRIMARY KEY);
      CREATE TABLE o (id INTEGER PRIMARY KEY, u REFERENCES u ON DELETE CASCADE);
      CREATE TABLE log (what);
      CREATE TABLE untouched (a);
      CREATE TRIGGER t AFTER DELETE ON o BEGIN INSERT INTO log VALUES (old.id); END;
      CREATE VIEW v AS SELECT id FROM u;
      CREATE TRIGGER i INSTEAD OF INSERT ON v BEGIN INSERT INTO u VALUES (new.id); END;
    `);
    const { statements } = await file.apply(
      'DELETE FROM u; INSERT INTO v VALUES (1); SELECT * FROM log; CREATE INDEX by ON untouched (a); DELETE FROM log; ALTER TABLE log RENAME TO diary; INSERT INTO diary VALUES (1); CREATE TABLE copy AS SELECT * FROM untouched',
    );
    expect(statements.map(({ writes }) => writes?.toSorted())).toEqual([
      ['diary', 'o', 'u'],
      ['u'],
      [],
      [],
      ['diary'],
      [],
      ['diary'],
      [],
    ]);
  });

  test('says which tables each statement can take rows from', async () => {
    const file = newFile(`
      CREATE TABLE u (id INTEGER PRIMARY KEY, name UNIQUE, note);
      CREATE TABLE o (id INTEGER PRIMARY KEY, u REFERENCES u ON DELETE CASCADE);
      CREATE TABLE w (a TEXT PRIMARY KEY, b UNIQUE ON CONFLICT REPLACE) WITHOUT ROWID;
      CREATE TABLE log (what);
      CREATE TABLE old (what);
      CREATE TRIGGER t AFTER UPDATE OF note ON u BEGIN DELETE FROM old; END;
    `);
    const cases: readonly (readonly [string, readonly string[] | undefined])[] = [
      ["INSERT INTO u (name) VALUES ('a')", []],
      ['INSERT INTO log SELECT name FROM u', []],
      ['UPDATE log SET what = 1', []],
      ["UPDATE u SET name = upper(name) WHERE name = 'a'", []],
      ["UPDATE u SET note = 'x'", ['old']],
      ["INSERT OR REPLACE INTO u (name) VALUES ('a')", ['o', 'u']],
      ["INSERT INTO w VALUES ('a', 1)", ['w']],
      ['DELETE FROM log', ['log']],
      ['DELETE FROM u WHERE id = 1', ['o', 'u']],
      ['ALTER TABLE log ADD COLUMN at', []],
      ['CREATE INDEX by_what ON log (what)', []],
      ['DROP TABLE w', ['w']],
      ['ALTER TABLE log RENAME TO diary', undefined],
    ];
    const { statements } = await file.apply(cases.map(([sql]) => sql).join(';\n'));
    const told = statements.map(({ sql, removes }) => [sql, removes?.toSorted()]);
    expect(told).toEqual(
      cases.map(([sql, removes]) => [sql, removes?.map((name) => (name === 'log' ? 'diary' : name))]),
    );
  });

  test('does not count the sequences that SQLite keeps among what it writes', async () => {
    const file = newFile('CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, a)');
    const { statements } = await file.apply(
      'INSERT INTO t (a) VALUES (1); UPDATE sqlite_sequence SET seq = 10; DELETE FROM sqlite_sequence',
    );
    expect(statements.map(({ writes }) => writes)).toEqual([['t'], [], []]);
  });

  test('counts rows that come back from a write', async () => {
    const file = newFile('CREATE TABLE t (a)');
    const { statements } = await file.apply(
      'INSERT INTO t VALUES (1), (2) RETURNING a; SELECT * FROM t; UPDATE t SET a = 3 WHERE a = 1',
    );
    expect(statements.map(({ rows }) => rows)).toEqual([2, undefined, 1]);
  });

  test('of thousands of statements is read and run in one go', async () => {
    const file = newFile('CREATE TABLE t (a INTEGER PRIMARY KEY, b)');
    const { statements } = await file.apply(
      Array.from(
        { length: 4000 },
        (_, at) => `INSERT INTO t VALUES (${at}, 'x');\nUPDATE t SET b = 'y' WHERE a = ${at};`,
      ).join('\n'),
    );
    expect(statements).toHaveLength(8000);
    expect(file.read("SELECT count(*) FROM t WHERE b = 'y'")).toEqual([4000]);
  });
});
