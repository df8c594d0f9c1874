import { describe, expect, test } from 'vitest';
import { newFile } from './fixtures/sqlite-file.ts';

const unchanged = { changed: false, rowsGone: 0, valuesChanged: {} };

describe('columns', () => {
  const seed = "CREATE TABLE t (id INTEGER PRIMARY KEY, a, b); INSERT INTO t VALUES (1, 'x', 1), (2, NULL, 2)";
  const after = async (sql: string, unseen?: 'unseen'): Promise<unknown> =>
    (await newFile(seed).observe(sql, unseen)).table('t');

  test('that are renamed keep their values, and a change of these is found under the new name', async () => {
    const sql = "ALTER TABLE t RENAME COLUMN a TO z; UPDATE t SET z = 'y' WHERE id = 1";
    expect(await after(sql)).toMatchObject({ rowsGone: 0, valuesChanged: { z: 1 } });
    expect(await after(sql)).not.toHaveProperty('columnsDropped');
    expect(
      await after(
        'ALTER TABLE t RENAME TO u; ALTER TABLE u RENAME a TO y; ALTER TABLE u RENAME y TO z; ALTER TABLE u RENAME TO t; UPDATE t SET b = 0',
      ),
    ).toMatchObject({ valuesChanged: { b: 2 } });
  });

  test('that are assigned before they are renamed are assigned under their last name', async () => {
    const { attempt } = await newFile(seed).observe(
      "UPDATE t SET a = 'y'; ALTER TABLE t RENAME COLUMN a TO z; ALTER TABLE t RENAME TO u",
    );
    expect(attempt.statements[0]?.assigns).toEqual(['u.z']);
  });

  test('that are renamed unseen, or by a rebuild, are the same if all their values are', async () => {
    expect(await after('ALTER TABLE t RENAME COLUMN a TO z', 'unseen')).toMatchObject(unchanged);
    expect(
      await after(
        'CREATE TABLE n (id INTEGER PRIMARY KEY, z, b); INSERT INTO n SELECT * FROM t; DROP TABLE t; ALTER TABLE n RENAME TO t',
      ),
    ).toMatchObject(unchanged);
  });

  test('that are dropped are counted, also where another takes their place', async () => {
    const expected = { rowsGone: 0, valuesChanged: {}, columnsDropped: { a: 1 } };
    expect(await after('ALTER TABLE t DROP COLUMN a')).toMatchObject(expected);
    expect(await after('ALTER TABLE t DROP COLUMN a; ALTER TABLE t ADD COLUMN c')).toMatchObject(expected);
    expect(
      await after(
        "CREATE TABLE n (id INTEGER PRIMARY KEY, c, b); INSERT INTO n SELECT id, 'new', b FROM t; DROP TABLE t; ALTER TABLE n RENAME TO t",
      ),
    ).toMatchObject(expected);
  });

  test('of a table without a key are told apart in the same way', async () => {
    const rows = "CREATE TABLE t (a, b); INSERT INTO t VALUES ('x', 1), (NULL, 2)";
    const rebuilt = async (columns: string, select: string, unseen?: 'unseen'): Promise<unknown> =>
      (
        await newFile(rows).observe(
          `CREATE TABLE n (${columns}); INSERT INTO n SELECT ${select} FROM t; DROP TABLE t; ALTER TABLE n RENAME TO t`,
          unseen,
        )
      ).table('t');
    expect(await rebuilt('z, b', 'a, b')).toMatchObject(unchanged);
    expect(await rebuilt('c, b', "'new', b")).toMatchObject({ rowsGone: 0, columnsDropped: { a: 1 } });
    // Nothing is left that would tell one row from another, but their number.
    expect(await rebuilt('c, b', "'new', 0")).toMatchObject({
      rowsGone: 0,
      rowsToldBy: 'count',
      columnsDropped: { a: 1 },
    });
    expect(await rebuilt('c, b', "'new', 0", 'unseen')).toMatchObject({ rowsGone: 2, rowsToldBy: 'value' });
  });

  test('that are computed, virtual or stored, are not compared', async () => {
    const file = newFile(
      'CREATE TABLE t (id INTEGER PRIMARY KEY, a, twice AS (a * 2) STORED, thrice AS (a * 3)); INSERT INTO t (id, a) VALUES (1, 1)',
    );
    expect((await file.observe('UPDATE t SET a = 2')).table('t')).toMatchObject({ valuesChanged: { a: 1 } });
  });
});

describe('tables', () => {
  test.each(['a space', "it's", 'say "no"', 'select', 'größe 📦', '1st', 'a.b', '[x]', 'sqliteish', '`'])(
    'and columns named %s are compared',
    async (name) => {
      const quoted = `"${name.replaceAll('"', '""')}"`;
      const file = newFile(
        `CREATE TABLE ${quoted} (${quoted} INTEGER PRIMARY KEY, "v ${name.replaceAll('"', '""')}"); INSERT INTO ${quoted} VALUES (1, 1), (2, 2)`,
      );
      const { table, attempt } = await file.observe(
        `DELETE FROM ${quoted} WHERE ${quoted} = 1; UPDATE ${quoted} SET "v ${name.replaceAll('"', '""')}" = 3`,
      );
      expect(table(name)).toMatchObject({ rowsGone: 1, valuesChanged: { [`v ${name}`]: 1 } });
      expect(attempt.statements.map(({ writes }) => writes)).toEqual([[name], [name]]);
    },
  );

  test('that are renamed are the same, whatever takes their root page', async () => {
    const seed = 'CREATE TABLE a (x); CREATE TABLE b (x); INSERT INTO a VALUES (1); INSERT INTO b VALUES (2)';
    for (const pragmas of ['', 'PRAGMA auto_vacuum = FULL']) {
      const { table, evidence } = await newFile(seed, { pragmas }).observe(
        'DROP TABLE a; ALTER TABLE b RENAME TO c; UPDATE c SET x = 3',
      );
      expect(table('c')).toMatchObject({ renamedFrom: 'b', valuesChanged: { x: 1 } });
      expect(evidence.tables?.find((other) => other.table === 'a')).toMatchObject({ rowsBefore: 1 });
    }
    const vacuumed = await newFile(seed).observe('DROP TABLE a; ALTER TABLE b RENAME TO c; UPDATE c SET x = 3; VACUUM');
    expect(vacuumed.table('c')).toMatchObject({ renamedFrom: 'b' });
  });

  test('that are renamed in between are written under their last name', async () => {
    const { table } = await newFile('CREATE TABLE a (id INTEGER PRIMARY KEY, x); INSERT INTO a VALUES (1, 1)').observe(
      'ALTER TABLE a RENAME TO b; UPDATE b SET x = 2; ALTER TABLE b RENAME TO c',
    );
    expect(table('c')).toMatchObject({ renamedFrom: 'a', valuesChanged: { x: 1 } });
  });

  test('that trade names are compared by name: an application sees other rows', async () => {
    const { table } = await newFile(
      'CREATE TABLE a (id INTEGER PRIMARY KEY); CREATE TABLE b (id INTEGER PRIMARY KEY); INSERT INTO a VALUES (1); INSERT INTO b VALUES (2)',
    ).observe('ALTER TABLE a RENAME TO x; ALTER TABLE b RENAME TO a; ALTER TABLE x RENAME TO b', 'unseen');
    expect([table('a'), table('b')]).toMatchObject([{ rowsGone: 1 }, { rowsGone: 1 }]);
  });

  test.each([
    'ALTER TABLE a RENAME TO a_old; ALTER TABLE b RENAME TO a',
    'ALTER TABLE a RENAME TO a_old; ALTER TABLE b RENAME TO a; DROP TABLE a_old',
    'DROP TABLE a; ALTER TABLE b RENAME TO a',
    'ALTER TABLE a RENAME TO x; ALTER TABLE b RENAME TO a; ALTER TABLE x RENAME TO b',
  ])('of which one takes the name of another are compared by name, and neither counts as dropped: %s', async (sql) => {
    const copied = `
      CREATE TABLE a (id INTEGER PRIMARY KEY, v); INSERT INTO a VALUES (1, 'x'), (2, 'y'), (4, 'z');
      CREATE TABLE b (id INTEGER PRIMARY KEY, v, more); INSERT INTO b (id, v) SELECT id, v FROM a;`;
    const kept = await newFile(copied).observe(sql);
    expect(kept.table('a')).toMatchObject({ ...unchanged, rowsBefore: 3, rowsAfter: 3 });
    expect(kept.evidence.tables?.filter((one) => one.rowsAfter === undefined)).toEqual([]);

    const lost = await newFile(`${copied} DELETE FROM b WHERE id = 1; UPDATE b SET v = 'Z' WHERE id = 4`).observe(sql);
    expect(lost.table('a')).toMatchObject({ rowsGone: 1, valuesChanged: { v: 1 } });

    // Of what was in neither under its new name only the table itself can tell.
    const more = await newFile(`${copied} INSERT INTO b (id) VALUES (9)`).observe(`DELETE FROM b WHERE id = 9; ${sql}`);
    expect(more.evidence.tables?.map(({ rowsGone = 0 }) => rowsGone)).toContain(1);
  });

  test('of which one takes the name of another are told by value where they have no key', async () => {
    const { table } = await newFile(`
      CREATE TABLE a (v); INSERT INTO a VALUES ('x'), ('y'), ('z'); DELETE FROM a WHERE v = 'x';
      CREATE TABLE b (v); INSERT INTO b SELECT v FROM a;`).observe(
      'ALTER TABLE a RENAME TO a_old; ALTER TABLE b RENAME TO a',
    );
    expect(table('a')).toMatchObject({ ...unchanged, rowsToldBy: 'value' });
  });

  test('that only triggers write are compared', async () => {
    const file = newFile(
      'CREATE TABLE t (a); CREATE TABLE log (id INTEGER PRIMARY KEY, n); INSERT INTO log VALUES (1, 0); CREATE TRIGGER g AFTER INSERT ON t BEGIN UPDATE log SET n = n + 1; END',
    );
    expect((await file.observe('INSERT INTO t VALUES (1)')).table('log')).toMatchObject({ valuesChanged: { n: 1 } });
  });

  test('of Forerun and of SQLite itself are left out', async () => {
    const { evidence } = await newFile(
      'CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT); INSERT INTO t VALUES (9); CREATE TABLE _forerun_texts (a)',
    ).observe('UPDATE sqlite_sequence SET seq = 50; ANALYZE', 'unseen');
    expect(evidence.tables?.filter((table) => table.changed)).toEqual([]);
  });
});
