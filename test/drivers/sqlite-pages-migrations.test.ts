import { describe, expect, test } from 'vitest';
import { bothWays } from './fixtures/sqlite-both-ways.ts';
import { newFile, type FileOptions } from './fixtures/sqlite-file.ts';

/** Trees of three levels. */
const smallPages: FileOptions = { pragmas: 'PRAGMA page_size = 512; PRAGMA journal_mode = WAL' };
const numbers = 'WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 3000)';
const seed = `
  CREATE TABLE t (id INTEGER PRIMARY KEY, v, w TEXT, sum AS (v + 1), kept TEXT AS (w || '!') STORED);
  CREATE TABLE child (id INTEGER PRIMARY KEY, t INTEGER REFERENCES t ON DELETE CASCADE ON UPDATE SET NULL, w TEXT);
  CREATE TABLE late (id INTEGER PRIMARY KEY, w TEXT);
  CREATE TABLE loose (v, w TEXT);
  CREATE TABLE keyed (k TEXT PRIMARY KEY, w TEXT) WITHOUT ROWID;
  CREATE TABLE named (k TEXT COLLATE NOCASE NOT NULL UNIQUE, v UNIQUE, w TEXT, PRIMARY KEY (k));
  CREATE VIRTUAL TABLE texts USING fts5(body);
  CREATE VIRTUAL TABLE boxes USING rtree(id, low, high);
  CREATE TABLE small (v);
  CREATE TRIGGER follows AFTER UPDATE OF v ON small BEGIN UPDATE t SET w = 'triggered' WHERE id = 1500; DELETE FROM loose WHERE v = 77; END;
  ${numbers} INSERT INTO t SELECT i, i % 5, 'row ' || i FROM n;
  ${numbers} INSERT INTO child SELECT i, i, 'child ' || i FROM n;
  ${numbers} INSERT INTO late SELECT i, 'late ' || i FROM n;
  ALTER TABLE late ADD COLUMN c DEFAULT 'old';
  ${numbers} INSERT INTO loose SELECT i, 'loose ' || i FROM n;
  ${numbers} INSERT INTO keyed SELECT 'key ' || i, 'keyed ' || i FROM n;
  ${numbers} INSERT INTO named SELECT 'Name ' || i, i, 'named ' || i FROM n;
  ${numbers} INSERT INTO texts SELECT 'word' || i || ' text' FROM n;
  ${numbers} INSERT INTO boxes SELECT i, i, i + 1 FROM n;
  INSERT INTO small VALUES (1);
`;

/** What a script does, and what is expected of the tables that it changes. */
const migrations: readonly (readonly [string, string, Readonly<Record<string, object>>])[] = [
  [
    'some rows in the middle',
    'UPDATE t SET v = -1 WHERE id BETWEEN 700 AND 704; UPDATE t SET w = w WHERE id < 100',
    { t: { rowsGone: 0, rowsAdded: 0, valuesChanged: { v: 5 } } },
  ],
  ['rows at both ends', 'DELETE FROM t WHERE id IN (1, 3000)', { t: { rowsGone: 2, rowsAdded: 0, rowsAfter: 2998 } }],
  ['rows that grow', 'UPDATE t SET w = w || hex(zeroblob(100)) WHERE id % 500 = 0', { t: { valuesChanged: { w: 6 } } }],
  [
    'rows too long for a page',
    "UPDATE t SET w = hex(zeroblob(3000)) WHERE id = 9; UPDATE t SET w = hex(zeroblob(2999)) || 'xx' WHERE id = 9",
    { t: { valuesChanged: { w: 1 } } },
  ],
  [
    'rows before and behind all others',
    'INSERT INTO t (id, v) VALUES (-9223372036854775808, 1), (9223372036854775807, 1), (-5, 1)',
    { t: { rowsGone: 0, rowsAdded: 3, rowsAfter: 3003 } },
  ],
  [
    'by triggers',
    'UPDATE small SET v = 2',
    { t: { valuesChanged: { w: 1 } }, loose: { rowsGone: 1 }, small: { valuesChanged: { v: 1 } } },
  ],
  ['by a cascade', 'DELETE FROM t WHERE id = 44', { t: { rowsGone: 1 }, child: { rowsGone: 1 } }],
  [
    'by a key that others refer to',
    'UPDATE t SET id = 9000 WHERE id = 45',
    { t: { rowsGone: 1, rowsAdded: 1 }, child: { rowsGone: 0, valuesChanged: { t: 1 } } },
  ],
  [
    'by REPLACE, which takes another row away',
    "REPLACE INTO named VALUES ('NAME 8', 2000, 'new')",
    { named: { rowsGone: 1, rowsAdded: 0, valuesChanged: { k: 1, v: 1, w: 1 } } },
  ],
  [
    'by UPDATE OR REPLACE',
    'UPDATE OR REPLACE named SET v = 11 WHERE v = 2500',
    { named: { rowsGone: 1, valuesChanged: { v: 1 } } },
  ],
  [
    'a key that only changes case',
    'UPDATE named SET k = upper(k) WHERE v = 1234',
    { named: { rowsGone: 0, valuesChanged: { k: 1 } } },
  ],
  [
    'without rowids',
    "DELETE FROM keyed WHERE k = 'key 7'; UPDATE keyed SET w = 'x' WHERE k = 'key 8'",
    { keyed: { rowsGone: 1, valuesChanged: { w: 1 } } },
  ],
  [
    'without a key',
    "UPDATE loose SET w = 'x' WHERE v = 5; DELETE FROM loose WHERE v = 6",
    { loose: { rowsGone: 1, valuesChanged: { w: 1 } } },
  ],
  [
    'in virtual tables',
    "UPDATE texts SET body = 'other' WHERE rowid = 5; DELETE FROM boxes WHERE id = 3",
    { texts: { valuesChanged: { body: 1 } }, boxes: { rowsGone: 1 } },
  ],
  ['all rows', 'DELETE FROM child', { child: { rowsGone: 3000, rowsAfter: 0 } }],
  [
    'all rows, put back',
    'CREATE TEMP TABLE s AS SELECT * FROM child; DELETE FROM child; INSERT INTO child SELECT * FROM s',
    { child: { changed: false, rowsGone: 0 } },
  ],
  [
    'a rebuild',
    'PRAGMA foreign_keys = OFF; CREATE TABLE n (id INTEGER PRIMARY KEY, t INTEGER REFERENCES t ON DELETE CASCADE ON UPDATE SET NULL, w TEXT); INSERT INTO n SELECT * FROM child WHERE id <> 9; DROP TABLE child; ALTER TABLE n RENAME TO child',
    { child: { rowsGone: 1, rowsAdded: 0 } },
  ],
  [
    'a table made again where the other stood',
    'PRAGMA foreign_keys = OFF; CREATE TEMP TABLE s AS SELECT * FROM loose; DROP TABLE loose; CREATE TABLE loose (v, w TEXT); INSERT INTO loose SELECT * FROM s WHERE v <> 30',
    { loose: { changed: true, rowsAfter: 2999 } },
  ],
  [
    'two tables that change names',
    'ALTER TABLE loose RENAME TO x; ALTER TABLE small RENAME TO loose; ALTER TABLE x RENAME TO small',
    {},
  ],
  [
    'a new column, and its values',
    "ALTER TABLE child ADD COLUMN c DEFAULT 'x'; UPDATE child SET c = 1, w = 'y' WHERE id = 5",
    { child: { rowsGone: 0, valuesChanged: { w: 1 } } },
  ],
  ['a column that goes', 'ALTER TABLE child DROP COLUMN w', { child: { rowsGone: 0, columnsDropped: { w: 3000 } } }],
  [
    'another default for a column that old rows do not have',
    `PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, '''old''', '''new''') WHERE name = 'late'; PRAGMA schema_version = 999`,
    { late: { rowsGone: 0, valuesChanged: { c: 3000 } } },
  ],
  [
    'work that a savepoint takes back',
    'BEGIN; SAVEPOINT s; UPDATE t SET w = hex(zeroblob(200)); DELETE FROM loose; ROLLBACK TO s; UPDATE t SET v = 9 WHERE id = 2222; COMMIT',
    { t: { rowsGone: 0, valuesChanged: { v: 1 } }, loose: { changed: false } },
  ],
  [
    'work that is rolled back, larger than the cache',
    'PRAGMA cache_size = 10; BEGIN; UPDATE t SET w = hex(zeroblob(200)); ROLLBACK; UPDATE t SET v = 9 WHERE id = 2222',
    { t: { rowsGone: 0, valuesChanged: { v: 1 } } },
  ],
  [
    'transactions of its own',
    'BEGIN; DELETE FROM t WHERE id = 5; COMMIT; PRAGMA wal_checkpoint(RESTART); DELETE FROM t WHERE id = 2900',
    { t: { rowsGone: 2 } },
  ],
  [
    'VACUUM',
    'DELETE FROM loose WHERE v = 3; DELETE FROM t WHERE id = 3; VACUUM; UPDATE loose SET w = 1 WHERE v = 4',
    { t: { rowsGone: 1 } },
  ],
  ['an index', 'CREATE INDEX by_w ON t (w); DROP INDEX by_w; CREATE INDEX by_v ON t (v)', { t: { changed: false } }],
];

describe('what the pages that were written tell of a migration is what all rows tell:', () => {
  test.each(migrations)('%s', async (_what, script, expected) => {
    const file = newFile(seed, smallPages);
    // Once as the first migration, once with what was measured before.
    const ways = await bothWays(file, [
      "UPDATE small SET v = 1; UPDATE t SET w = 'row 1500' WHERE id = 1500; INSERT INTO loose VALUES (77, 'loose 77')",
      script,
    ]);
    for (const { observed, compared } of ways) expect(observed).toEqual(compared);
    const last = ways.at(-1)?.observed ?? [];
    for (const [table, facts] of Object.entries(expected))
      expect(last.find((one) => one.table === table)).toMatchObject(facts);
    const [first] = await bothWays(newFile(seed, smallPages), [script]);
    expect(first?.observed).toEqual(first?.compared);
  });
});
