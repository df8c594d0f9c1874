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
    [
      'a key, and every name of the rowid taken',
      'id TEXT PRIMARY KEY NOT NULL, v, rowid DEFAULT 7, OID DEFAULT 8, _rowid_ DEFAULT 9',
    ],
    ['no key, and rowid a computed column', 'id, v, rowid AS (1)'],
    ['AUTOINCREMENT', 'id INTEGER PRIMARY KEY AUTOINCREMENT, v'],
  ])('is told by %s', async (kind, columns, options = '') => {
    const file = newFile(
      `CREATE TABLE t (${columns}) ${options}; INSERT INTO t (id, v) VALUES (1, 'a'), (2, 'b'), (3, NULL)`,
    );
    const byValue = kind.startsWith('no key, and every');
    const { table } = await file.observe(
      "DELETE FROM t WHERE id = 1; UPDATE t SET v = 'c' WHERE id = 3; INSERT INTO t (id, v) VALUES (4, 'd')",
    );
    expect(table('t')).toMatchObject(
      byValue
        ? { rowsBefore: 3, rowsAfter: 3, rowsGone: 1, rowsAdded: 1, changed: true, valuesChanged: {} }
        : { rowsBefore: 3, rowsAfter: 3, rowsGone: 1, rowsAdded: 1, changed: true, valuesChanged: { v: 1 } },
    );
  });

  test.each(['seen', 'unseen'] as const)(
    'is told by value where a table without a key is rebuilt (%s)',
    async (seen) => {
      const rebuild = (filter: string): string =>
        `CREATE TABLE n (a, b, c); INSERT INTO n (a, b) SELECT a, b FROM t ${filter}; DROP TABLE t; ALTER TABLE n RENAME TO t;`;
      const seed = "CREATE TABLE t (a, b); INSERT INTO t VALUES (1, 'x'), (1, 'x'), (1, 'x'), (2, NULL), (2, NULL)";
      const unseen = seen === 'unseen' ? seen : undefined;
      expect((await newFile(seed).observe(rebuild('ORDER BY a DESC'), unseen)).table('t')).toMatchObject(unchanged);
      expect((await newFile(seed).observe(rebuild('WHERE rowid > 1'), unseen)).table('t')).toMatchObject({
        rowsGone: 1,
        changed: true,
      });
      // As many rows as before, and still one is gone.
      const replaced = await newFile(seed).observe(
        `${rebuild('WHERE rowid < 5')} INSERT INTO t VALUES (9, 9, 9)`,
        unseen,
      );
      expect(replaced.table('t')).toMatchObject({ rowsBefore: 5, rowsAfter: 5, rowsGone: 1 });
    },
  );

  test('is told for keys that hold nulls, of which SQLite allows any number', async () => {
    const seed =
      "CREATE TABLE t (a TEXT, b INTEGER, v, PRIMARY KEY (a, b)); INSERT INTO t VALUES (NULL, 1, 'x'), (NULL, 1, 'x'), ('k', NULL, 'y'), ('k', 1, 'z')";
    const after = async (sql: string): Promise<unknown> => (await newFile(seed).observe(sql)).table('t');
    expect(await after('UPDATE t SET v = v')).toMatchObject(unchanged);
    expect(await after('DELETE FROM t WHERE rowid = 2')).toMatchObject({ rowsGone: 1 });
    expect(await after("DELETE FROM t WHERE rowid = 2; INSERT INTO t VALUES ('new', 1, 'x')")).toMatchObject({
      rowsBefore: 4,
      rowsAfter: 4,
      rowsGone: 1,
    });
    expect(await after("UPDATE t SET v = 'w' WHERE b = 1")).toMatchObject({
      rowsGone: 0,
      changed: true,
      valuesChanged: { v: 1 },
    });
    expect(await after("UPDATE t SET v = 'w' WHERE b = 1; DELETE FROM t WHERE rowid = 1")).toMatchObject({
      rowsGone: 1,
    });
  });

  describe('is told, in a table without a key whose rowids were given anew, by the values that no statement sets:', () => {
    const seed =
      "CREATE TABLE h (n INT, w TEXT); INSERT INTO h VALUES (0, 'z'), (1, 'a'), (2, 'b'), (3, 'c'); DELETE FROM h WHERE n = 0";
    const rebuild = (select: string): string =>
      `CREATE TABLE x (n INT, w TEXT); INSERT INTO x (n, w) SELECT ${select} FROM h; DROP TABLE h; ALTER TABLE x RENAME TO h`;
    test.each([
      ['VACUUM', 'UPDATE h SET n = n + 1; VACUUM', { rowsGone: 0, changed: true, rowsToldBy: 'value' }],
      [
        'VACUUM, all columns set',
        'UPDATE h SET n = n + 1, w = upper(w); VACUUM',
        { rowsGone: 0, changed: true, rowsToldBy: 'count' },
      ],
      [
        'VACUUM, and a row deleted',
        'UPDATE h SET n = n + 1; DELETE FROM h WHERE n = 2; VACUUM',
        { rowsGone: 1, changed: true },
      ],
      [
        'VACUUM, all columns set, and a row deleted',
        'UPDATE h SET n = 1, w = 2; DELETE FROM h WHERE rowid = 2; VACUUM',
        { rowsGone: 1 },
      ],
      [
        'VACUUM, and one row put in for another',
        "UPDATE h SET n = n + 1; DELETE FROM h WHERE n = 2; INSERT INTO h VALUES (9, 'new'); VACUUM",
        { rowsGone: 1, rowsAdded: 1 },
      ],
      ['VACUUM, and nothing else', 'UPDATE h SET n = n; VACUUM', { rowsGone: 0, changed: false }],
      ['a rebuild with a column computed', rebuild('n * 2, w'), { rowsGone: 0, changed: true, rowsToldBy: 'value' }],
      [
        'a rebuild with a column computed, of some rows',
        `${rebuild('n * 2, w')}; DELETE FROM h WHERE n = 2`,
        { rowsGone: 1 },
      ],
    ])('%s', async (_what, sql, expected) => {
      expect((await newFile(seed).observe(sql)).table('h')).toMatchObject(expected);
    });

    test('strictly where the statements are not known', async () => {
      const { table } = await newFile(seed).observe(rebuild('n * 2, w'), 'unseen');
      expect(table('h')).toMatchObject({ rowsGone: 3, rowsAdded: 3, rowsToldBy: 'value' });
    });
  });

  test('is told by a key that does not tell case, and its change is found', async () => {
    const seed =
      "CREATE TABLE t (k TEXT COLLATE NOCASE PRIMARY KEY, v COLLATE NOCASE); INSERT INTO t VALUES ('A', 'x'), ('B', 'y')";
    expect(
      (await newFile(seed).observe("UPDATE t SET k = lower(k), v = upper(v) WHERE k = 'a'")).table('t'),
    ).toMatchObject({ rowsGone: 0, valuesChanged: { k: 1, v: 1 } });
  });

  test.each([
    ['INTEGER', 'TEXT'],
    ['TEXT', 'INTEGER'],
    ['', 'INTEGER'],
    ['INTEGER', 'BLOB'],
    ['VARCHAR(10)', 'NUMERIC'],
  ])(
    'is told by a key whose type is changed from %s to %s, without reading every row for every row',
    async (from, to) => {
      const file = newFile(
        `CREATE TABLE t (id ${from} NOT NULL PRIMARY KEY, v); WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 20000) INSERT INTO t SELECT i, i FROM n`,
      );
      const { table } = await file.observe(
        `CREATE TABLE n (id ${to} NOT NULL PRIMARY KEY, v); INSERT INTO n SELECT id, v FROM t WHERE id <> 5; DROP TABLE t; ALTER TABLE n RENAME TO t; UPDATE t SET v = 'x' WHERE id = 6`,
      );
      expect(table('t')).toMatchObject({ rowsBefore: 20_000, rowsAfter: 19_999, rowsGone: 1, valuesChanged: { v: 1 } });
    },
  );

  test('survives VACUUM, which gives rows other rowids', async () => {
    const seed =
      'CREATE TABLE other (a); CREATE TABLE t (a); INSERT INTO t VALUES (1), (2), (3); DELETE FROM t WHERE a = 1';
    for (const unseen of [undefined, 'unseen'] as const) {
      const { table } = await newFile(seed).observe(
        'VACUUM; INSERT INTO t VALUES (4); DELETE FROM t WHERE a = 4',
        unseen,
      );
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
    const { table } = await file.observe(
      `CREATE TABLE n (id INTEGER PRIMARY KEY, v ${to}); INSERT INTO n SELECT id, v FROM t; DROP TABLE t; ALTER TABLE n RENAME TO t`,
    );
    expect(table('t')).toMatchObject({ rowsGone: 0, valuesChanged: changed === 1 ? { v: 1 } : {} });
  });
});

describe('a key that is another one after a rebuild', () => {
  const rebuild = (definition: string, select: string): string =>
    `CREATE TABLE n (${definition}); INSERT OR IGNORE INTO n ${select}; DROP TABLE t; ALTER TABLE n RENAME TO t;`;

  test.each([
    [
      'another collation',
      'k TEXT PRIMARY KEY, v',
      "('A', 1), ('a', 1), ('b', 2)",
      'k TEXT PRIMARY KEY COLLATE NOCASE, v',
    ],
    ['another type', 'k PRIMARY KEY, v', "(1, 1), ('1', 1), ('b', 2)", 'k TEXT PRIMARY KEY, v'],
  ])('loses a row where two become one under %s', async (_, before, rows, after) => {
    const file = newFile(`CREATE TABLE t (${before}); INSERT INTO t VALUES ${rows}`);
    const { table } = await file.observe(
      `${rebuild(after, 'SELECT lower(k), v FROM t')} INSERT INTO t VALUES ('new', 1);`,
    );
    expect(table('t')).toMatchObject({ rowsBefore: 3, rowsAfter: 3, rowsGone: 1, rowsAdded: 1, changed: true });
  });

  test.each([
    ['text in a column for numbers', 'TEXT', "('550e8400-e29b'), ('abc'), ('12')", 'UUID'],
    ['blobs in a column for text', 'VARCHAR(16)', "(x'0011ff'), (x'ee'), ('a')", 'TEXT'],
    ['words in a column for integers', 'TEXT', "('abc'), ('12'), ('1.5')", 'INT'],
    ['numbers in a column for text', 'INT', "(1), (2.5), ('x')", 'TEXT'],
    ['a type without conversion', 'TEXT', "('1'), ('x')", 'BLOB'],
  ])('keeps its rows: %s', async (_, before, rows, after) => {
    const file = newFile(`CREATE TABLE t (k ${before} PRIMARY KEY, v); INSERT INTO t (k) VALUES ${rows}`);
    const { table } = await file.observe(rebuild(`k ${after} PRIMARY KEY, v`, 'SELECT * FROM t'));
    expect(table('t')).toMatchObject(unchanged);
  });
});
