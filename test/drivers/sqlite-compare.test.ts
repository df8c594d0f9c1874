import { describe, expect, test } from 'vitest';
import { newFile } from './fixtures/sqlite-file.ts';

const unchanged = { changed: false, rowsGone: 0, valuesChanged: {} };

describe('which row is which', () => {
  test.each([
    ['an integer key', 'id INTEGER PRIMARY KEY, v'],
    ['a text key', 'id TEXT PRIMARY KEY, v'],
    ['a key without rowids', 'id INTEGER PRIMARY KEY, v', 'WITHOUT ROWID'],
    ['a key of two columns', 'id, v, w DEFAULT 1, PRIMARY KEY (w, id)'],
    ['a strict table', 'id INTEGER PRIMARY KEY, v ANY', 'STRICT'],
    ['no key', 'id, v'],
    ['no key, and columns named rowid and oid', 'id, v, rowid DEFAULT 7, OID DEFAULT 8'],
    ['no key, and every name of the rowid taken', 'id INTEGER, v, rowid DEFAULT 7, OID DEFAULT 8, _rowid_ DEFAULT 9'],
    ['a key, and every name of the rowid taken', 'id TEXT PRIMARY KEY NOT NULL, v, rowid DEFAULT 7, OID DEFAULT 8, _rowid_ DEFAULT 9'],
    ['no key, and rowid a computed column', 'id, v, rowid AS (1)'],
    ['AUTOINCREMENT', 'id INTEGER PRIMARY KEY AUTOINCREMENT, v'],
  ])('is told by %s', async (kind, columns, options = '') => {
    const file = newFile(`CREATE TABLE t (${columns}) ${options}; INSERT INTO t (id, v) VALUES (1, 'a'), (2, 'b'), (3, NULL)`);
    const byValue = kind.startsWith('no key, and every');
    const { table } = await file.observe("DELETE FROM t WHERE id = 1; UPDATE t SET v = 'c' WHERE id = 3; INSERT INTO t (id, v) VALUES (4, 'd')");
    expect(table('t')).toMatchObject(
      byValue
        ? { rowsBefore: 3, rowsAfter: 3, rowsGone: 2, changed: true, valuesChanged: {} }
        : { rowsBefore: 3, rowsAfter: 3, rowsGone: 1, changed: true, valuesChanged: { v: 1 } },
    );
  });

  test.each(['seen', 'unseen'] as const)('is told by value where a table without a key is rebuilt (%s)', async (seen) => {
    const rebuild = (filter: string): string => `CREATE TABLE n (a, b, c); INSERT INTO n (a, b) SELECT a, b FROM t ${filter}; DROP TABLE t; ALTER TABLE n RENAME TO t;`;
    const seed = "CREATE TABLE t (a, b); INSERT INTO t VALUES (1, 'x'), (1, 'x'), (1, 'x'), (2, NULL), (2, NULL)";
    const unseen = seen === 'unseen' ? seen : undefined;
    expect((await newFile(seed).observe(rebuild('ORDER BY a DESC'), unseen)).table('t')).toMatchObject(unchanged);
    expect((await newFile(seed).observe(rebuild('WHERE rowid > 1'), unseen)).table('t')).toMatchObject({ rowsGone: 1, changed: true });
    // As many rows as before, and still one is gone.
    const replaced = await newFile(seed).observe(`${rebuild('WHERE rowid < 5')} INSERT INTO t VALUES (9, 9, 9)`, unseen);
    expect(replaced.table('t')).toMatchObject({ rowsBefore: 5, rowsAfter: 5, rowsGone: 1 });
  });

  test('is told for keys that hold nulls, of which SQLite allows any number', async () => {
    const seed = "CREATE TABLE t (a TEXT, b INTEGER, v, PRIMARY KEY (a, b)); INSERT INTO t VALUES (NULL, 1, 'x'), (NULL, 1, 'x'), ('k', NULL, 'y'), ('k', 1, 'z')";
    const after = async (sql: string): Promise<unknown> => (await newFile(seed).observe(sql)).table('t');
    expect(await after('UPDATE t SET v = v')).toMatchObject(unchanged);
    expect(await after('DELETE FROM t WHERE rowid = 2')).toMatchObject({ rowsGone: 1 });
    expect(await after("DELETE FROM t WHERE rowid = 2; INSERT INTO t VALUES ('new', 1, 'x')")).toMatchObject({ rowsBefore: 4, rowsAfter: 4, rowsGone: 1 });
    expect(await after("UPDATE t SET v = 'w' WHERE b = 1")).toMatchObject({ rowsGone: 2, valuesChanged: { v: 1 } });
  });

  test('is told by a key that does not tell case, and its change is found', async () => {
    const seed = "CREATE TABLE t (k TEXT COLLATE NOCASE PRIMARY KEY, v COLLATE NOCASE); INSERT INTO t VALUES ('A', 'x'), ('B', 'y')";
    expect((await newFile(seed).observe("UPDATE t SET k = lower(k), v = upper(v) WHERE k = 'a'")).table('t')).toMatchObject({ rowsGone: 0, valuesChanged: { k: 1, v: 1 } });
  });

  test.each([
    ['INTEGER', 'TEXT'],
    ['TEXT', 'INTEGER'],
    ['', 'INTEGER'],
    ['INTEGER', 'BLOB'],
    ['VARCHAR(10)', 'NUMERIC'],
  ])('is told by a key whose type is changed from %s to %s, without reading every row for every row', async (from, to) => {
    const file = newFile(`CREATE TABLE t (id ${from} NOT NULL PRIMARY KEY, v); WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 20000) INSERT INTO t SELECT i, i FROM n`);
    const { table } = await file.observe(`CREATE TABLE n (id ${to} NOT NULL PRIMARY KEY, v); INSERT INTO n SELECT id, v FROM t WHERE id <> 5; DROP TABLE t; ALTER TABLE n RENAME TO t; UPDATE t SET v = 'x' WHERE id = 6`);
    expect(table('t')).toMatchObject({ rowsBefore: 20_000, rowsAfter: 19_999, rowsGone: 1, valuesChanged: { v: 1 } });
  });

  test('survives VACUUM, which gives rows other rowids', async () => {
    const seed = 'CREATE TABLE other (a); CREATE TABLE t (a); INSERT INTO t VALUES (1), (2), (3); DELETE FROM t WHERE a = 1';
    for (const unseen of [undefined, 'unseen'] as const) {
      const { table } = await newFile(seed).observe('VACUUM; INSERT INTO t VALUES (4); DELETE FROM t WHERE a = 4', unseen);
      expect(table('t') ?? unchanged).toMatchObject(unchanged);
    }
  });
});

describe('which value is another one', () => {
  const pairs: readonly (readonly [string, string, boolean])[] = [
    ['NULL', "''", true],
    ["''", "x''", true],
    ['1', "'1'", true],
    ["'1'", "x'31'", true],
    ['9007199254740993', '9007199254740992', true],
    ['9007199254740993', '9007199254740992.0', true],
    ['9223372036854775807', '9223372036854775806', true],
    ['1', '1.0', false],
    ['0.1 + 0.2', '0.3', true],
    ['9e999', '-9e999', true],
    ['9e999 - 9e999', 'NULL', false],
    ["'a'", "'A'", true],
    ["'a'", "'a '", true],
    ["'a'", "'a' || char(0)", true],
    ["x'ff'", "x'fe'", true],
    ["CAST(x'ff' AS TEXT)", "CAST(x'fe' AS TEXT)", true],
    ["'\u00e9'", "'e\u0301'", true],
    ["''", "''", false],
  ];
  test.each(pairs)('%s and %s: %s', async (before, after, other) => {
    for (const type of ['', 'COLLATE NOCASE', 'BLOB']) {
      const file = newFile(`CREATE TABLE t (id INTEGER PRIMARY KEY, v ${type}); INSERT INTO t VALUES (1, ${before})`);
      const { table } = await file.observe(`UPDATE t SET v = ${after}`);
      expect(table('t'), type).toMatchObject({ valuesChanged: other ? { v: 1 } : {}, changed: other });
    }
  });

  test.each([
    ['TEXT', 'INTEGER', "'007'", 1],
    ['TEXT', 'INTEGER', "'+1'", 1],
    ['TEXT', 'INTEGER', "'7'", 0],
    ['TEXT', 'INTEGER', "'x'", 0],
    ['TEXT', 'REAL', "'1.50'", 1],
    ['TEXT', 'REAL', "'1.5'", 0],
    ['INTEGER', 'TEXT', '12', 0],
    ['INTEGER', 'REAL', '12', 0],
    ['INTEGER', 'REAL', '9007199254740993', 1],
    ['REAL', 'INTEGER', '1.5', 0],
    ['REAL', 'TEXT', '2.0', 0],
    ['BLOB', 'TEXT', "x'00ff'", 0],
    ['', 'NUMERIC', "'1e3'", 1],
  ])('in a column whose type is changed from %s to %s: %s', async (from, to, value, changed) => {
    const file = newFile(`CREATE TABLE t (id INTEGER PRIMARY KEY, v ${from}); INSERT INTO t VALUES (1, ${value})`);
    const { table } = await file.observe(`CREATE TABLE n (id INTEGER PRIMARY KEY, v ${to}); INSERT INTO n SELECT id, v FROM t; DROP TABLE t; ALTER TABLE n RENAME TO t`);
    expect(table('t')).toMatchObject({ rowsGone: 0, valuesChanged: changed === 1 ? { v: 1 } : {} });
  });
});

describe('columns', () => {
  const seed = "CREATE TABLE t (id INTEGER PRIMARY KEY, a, b); INSERT INTO t VALUES (1, 'x', 1), (2, NULL, 2)";
  const after = async (sql: string, unseen?: 'unseen'): Promise<unknown> => (await newFile(seed).observe(sql, unseen)).table('t');

  test('that are renamed keep their values, and a change of these is found under the new name', async () => {
    const sql = "ALTER TABLE t RENAME COLUMN a TO z; UPDATE t SET z = 'y' WHERE id = 1";
    expect(await after(sql)).toMatchObject({ rowsGone: 0, valuesChanged: { z: 1 } });
    expect(await after(sql)).not.toHaveProperty('columnsDropped');
    expect(await after('ALTER TABLE t RENAME TO u; ALTER TABLE u RENAME a TO y; ALTER TABLE u RENAME y TO z; ALTER TABLE u RENAME TO t; UPDATE t SET b = 0')).toMatchObject({ valuesChanged: { b: 2 } });
  });

  test('that are assigned before they are renamed are assigned under their last name', async () => {
    const { attempt } = await newFile(seed).observe("UPDATE t SET a = 'y'; ALTER TABLE t RENAME COLUMN a TO z; ALTER TABLE t RENAME TO u");
    expect(attempt.statements[0]?.assigns).toEqual(['u.z']);
  });

  test('that are renamed unseen, or by a rebuild, are the same if all their values are', async () => {
    expect(await after('ALTER TABLE t RENAME COLUMN a TO z', 'unseen')).toMatchObject(unchanged);
    expect(await after('CREATE TABLE n (id INTEGER PRIMARY KEY, z, b); INSERT INTO n SELECT * FROM t; DROP TABLE t; ALTER TABLE n RENAME TO t')).toMatchObject(unchanged);
  });

  test('that are dropped are counted, also where another takes their place', async () => {
    const expected = { rowsGone: 0, valuesChanged: {}, columnsDropped: { a: 1 } };
    expect(await after('ALTER TABLE t DROP COLUMN a')).toMatchObject(expected);
    expect(await after('ALTER TABLE t DROP COLUMN a; ALTER TABLE t ADD COLUMN c')).toMatchObject(expected);
    expect(await after("CREATE TABLE n (id INTEGER PRIMARY KEY, c, b); INSERT INTO n SELECT id, 'new', b FROM t; DROP TABLE t; ALTER TABLE n RENAME TO t")).toMatchObject(expected);
  });

  test('of a table without a key are told apart in the same way', async () => {
    const rows = "CREATE TABLE t (a, b); INSERT INTO t VALUES ('x', 1), (NULL, 2)";
    const rebuilt = async (columns: string, select: string): Promise<unknown> =>
      (await newFile(rows).observe(`CREATE TABLE n (${columns}); INSERT INTO n SELECT ${select} FROM t; DROP TABLE t; ALTER TABLE n RENAME TO t`)).table('t');
    expect(await rebuilt('z, b', 'a, b')).toMatchObject(unchanged);
    expect(await rebuilt('c, b', "'new', b")).toMatchObject({ rowsGone: 0, columnsDropped: { a: 1 } });
    expect(await rebuilt('c, b', "'new', 0")).toMatchObject({ rowsGone: 2 });
  });

  test('that are computed, virtual or stored, are not compared', async () => {
    const file = newFile('CREATE TABLE t (id INTEGER PRIMARY KEY, a, twice AS (a * 2) STORED, thrice AS (a * 3)); INSERT INTO t (id, a) VALUES (1, 1)');
    expect((await file.observe('UPDATE t SET a = 2')).table('t')).toMatchObject({ valuesChanged: { a: 1 } });
  });
});

describe('tables', () => {
  test.each(['a space', 'it\'s', 'say "no"', 'select', 'größe 📦', '1st', 'a.b', '[x]', 'sqliteish', '`'])('and columns named %s are compared', async (name) => {
    const quoted = `"${name.replaceAll('"', '""')}"`;
    const file = newFile(`CREATE TABLE ${quoted} (${quoted} INTEGER PRIMARY KEY, "v ${name.replaceAll('"', '""')}"); INSERT INTO ${quoted} VALUES (1, 1), (2, 2)`);
    const { table, attempt } = await file.observe(`DELETE FROM ${quoted} WHERE ${quoted} = 1; UPDATE ${quoted} SET "v ${name.replaceAll('"', '""')}" = 3`);
    expect(table(name)).toMatchObject({ rowsGone: 1, valuesChanged: { [`v ${name}`]: 1 } });
    expect(attempt.statements.map(({ writes }) => writes)).toEqual([[name], [name]]);
  });

  test('that are renamed are the same, whatever takes their root page', async () => {
    const seed = 'CREATE TABLE a (x); CREATE TABLE b (x); INSERT INTO a VALUES (1); INSERT INTO b VALUES (2)';
    for (const pragmas of ['', 'PRAGMA auto_vacuum = FULL']) {
      const { table, evidence } = await newFile(seed, { pragmas }).observe('DROP TABLE a; ALTER TABLE b RENAME TO c; UPDATE c SET x = 3');
      expect(table('c')).toMatchObject({ renamedFrom: 'b', valuesChanged: { x: 1 } });
      expect(evidence.tables?.find((other) => other.table === 'a')).toMatchObject({ rowsBefore: 1 });
    }
    const vacuumed = await newFile(seed).observe('DROP TABLE a; ALTER TABLE b RENAME TO c; UPDATE c SET x = 3; VACUUM');
    expect(vacuumed.table('c')).toMatchObject({ renamedFrom: 'b' });
  });

  test('that are renamed in between are written under their last name', async () => {
    const { table } = await newFile('CREATE TABLE a (id INTEGER PRIMARY KEY, x); INSERT INTO a VALUES (1, 1)').observe('ALTER TABLE a RENAME TO b; UPDATE b SET x = 2; ALTER TABLE b RENAME TO c');
    expect(table('c')).toMatchObject({ renamedFrom: 'a', valuesChanged: { x: 1 } });
  });

  test('that trade names are compared by name: an application sees other rows', async () => {
    const { table } = await newFile('CREATE TABLE a (id INTEGER PRIMARY KEY); CREATE TABLE b (id INTEGER PRIMARY KEY); INSERT INTO a VALUES (1); INSERT INTO b VALUES (2)').observe(
      'ALTER TABLE a RENAME TO x; ALTER TABLE b RENAME TO a; ALTER TABLE x RENAME TO b',
      'unseen',
    );
    expect([table('a'), table('b')]).toMatchObject([{ rowsGone: 1 }, { rowsGone: 1 }]);
  });

  test('that only triggers write are compared', async () => {
    const file = newFile('CREATE TABLE t (a); CREATE TABLE log (id INTEGER PRIMARY KEY, n); INSERT INTO log VALUES (1, 0); CREATE TRIGGER g AFTER INSERT ON t BEGIN UPDATE log SET n = n + 1; END');
    expect((await file.observe('INSERT INTO t VALUES (1)')).table('log')).toMatchObject({ valuesChanged: { n: 1 } });
  });

  test('of Forerun and of SQLite itself are left out', async () => {
    const { evidence } = await newFile("CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT); INSERT INTO t VALUES (9); CREATE TABLE _forerun_texts (a); INSERT INTO _forerun_texts VALUES (1)").observe(
      "UPDATE sqlite_sequence SET seq = 50; ANALYZE; DELETE FROM _forerun_texts",
      'unseen',
    );
    expect(evidence.tables?.filter((table) => table.changed)).toEqual([]);
  });
});
