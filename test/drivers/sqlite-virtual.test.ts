import Database from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { sqlite } from '../../src/drivers/sqlite.ts';
import { newFile, type SqliteFile } from './fixtures/sqlite-file.ts';

const docs = "INSERT INTO %s VALUES ('one', 'first text'), ('two', 'second text'), ('three', NULL)";

async function tablesOf(file: SqliteFile): Promise<Record<string, readonly string[]>> {
  await using connection = await file.driver.open(file.target);
  return Object.fromEntries((await file.driver.tables(connection)).map(({ table, columns }) => [table, columns]));
}

async function rowsIn(file: SqliteFile): Promise<Record<string, number>> {
  await using connection = await file.driver.open(file.target);
  const tables = await file.driver.tables(connection);
  return Object.fromEntries(
    [...(await file.driver.contents(connection, tables))].map(([table, { rows }]) => [table, rows]),
  );
}

describe('a full-text table', () => {
  test('with rows of its own is compared like any other', async () => {
    const file = newFile(`CREATE VIRTUAL TABLE docs USING fts5(title, body); ${docs.replace('%s', 'docs')}`);
    expect(await tablesOf(file)).toEqual({ docs: ['title', 'body'] });
    expect(await rowsIn(file)).toEqual({ docs: 3 });
    const { table } = await file.observe(
      "DELETE FROM docs WHERE docs MATCH 'first'; UPDATE docs SET body = 'x' WHERE title = 'two'",
    );
    expect(table('docs')).toMatchObject({ rowsBefore: 3, rowsAfter: 2, rowsGone: 1, valuesChanged: { body: 1 } });
  });

  test('that is made anew, dropped or renamed is noticed', async () => {
    const seed = `CREATE VIRTUAL TABLE docs USING fts5(title, body); ${docs.replace('%s', 'docs')}`;
    const rebuilt = await newFile(seed).observe(
      "CREATE VIRTUAL TABLE n USING fts5(title, body, tokenize = 'porter'); INSERT INTO n SELECT * FROM docs; DROP TABLE docs; ALTER TABLE n RENAME TO docs",
    );
    expect(rebuilt.table('docs')).toMatchObject({ rowsGone: 0, changed: false });
    expect((await newFile(seed).observe('DROP TABLE docs')).table('docs')).toMatchObject({
      rowsBefore: 3,
      changed: true,
    });
    expect(
      (await newFile(seed).observe('ALTER TABLE docs RENAME TO texts; DELETE FROM texts')).table('texts'),
    ).toMatchObject({ renamedFrom: 'docs', rowsGone: 3 });
  });

  test.each([
    ["fts5(title, body, content = 'posts', content_rowid = 'id')"],
    ['fts5(title, body, content=posts, content_rowid=id)'],
    ['fts4(title, body, content="posts")'],
  ])('over the rows of another is not counted a second time: %s', async (module) => {
    const file =
      newFile(`CREATE TABLE posts (id INTEGER PRIMARY KEY, title, body); CREATE VIRTUAL TABLE docs USING ${module};
      CREATE TRIGGER a AFTER INSERT ON posts BEGIN INSERT INTO docs (rowid, title, body) VALUES (new.id, new.title, new.body); END;
      INSERT INTO posts (title, body) VALUES ('one', 'a'), ('two', 'b')`);
    expect(Object.keys(await tablesOf(file))).toEqual(['posts']);
    const { evidence } = await file.observe('DELETE FROM posts WHERE id = 1');
    expect(evidence.tables?.map(({ table, rowsGone }) => [table, rowsGone])).toEqual([['posts', 1]]);
    expect(evidence.notes).toBeUndefined();
  });

  test('without content is compared by its rows', async () => {
    const file = newFile(
      "CREATE VIRTUAL TABLE docs USING fts5(title, body, content = '', contentless_delete = 1); INSERT INTO docs (rowid, title, body) VALUES (1, 'a', 'b'), (2, 'c', 'd')",
    );
    expect((await file.observe('DELETE FROM docs WHERE rowid = 1')).table('docs')).toMatchObject({
      rowsBefore: 2,
      rowsAfter: 1,
      rowsGone: 1,
    });
  });

  test('has its own tables and its word list left out', async () => {
    const file = newFile(
      `CREATE VIRTUAL TABLE docs USING fts5(title, body); CREATE VIRTUAL TABLE words USING fts5vocab(docs, row); ${docs.replace('%s', 'docs')}`,
    );
    expect(Object.keys(await tablesOf(file))).toEqual(['docs']);
    await using connection = await file.driver.open(file.target);
    expect([...(await file.driver.schema(connection)).keys()]).toEqual(['table docs', 'table words']);
  });
});

describe('an r-tree', () => {
  test('is compared, its further columns too', async () => {
    const file = newFile(
      "CREATE VIRTUAL TABLE boxes USING rtree(id, low, high, +name); INSERT INTO boxes VALUES (1, 0, 1, 'a'), (2, 2, 3, 'b')",
    );
    expect(await tablesOf(file)).toEqual({ boxes: ['id', 'low', 'high', 'name'] });
    const { table } = await file.observe("DELETE FROM boxes WHERE id = 1; UPDATE boxes SET name = 'c', high = 9");
    expect(table('boxes')).toMatchObject({ rowsGone: 1, valuesChanged: { high: 1, name: 1 } });
  });
});

describe('a virtual table whose module is not known', () => {
  test('keeps nothing else from working, and is said not to be compared', async () => {
    const file = newFile('CREATE TABLE t (a); INSERT INTO t VALUES (1)');
    withUnknownModule(file.path);
    expect(Object.keys(await tablesOf(file))).toEqual(['t']);
    const { evidence, table } = await file.observe('UPDATE t SET a = 2', 'unseen');
    expect(table('t')).toMatchObject({ valuesChanged: { a: 1 } });
    expect(evidence.notes).toEqual(['The rows of strange were not compared: its module is not known here.']);
    await using connection = await file.driver.open(file.target);
    expect([...(await sqlite().schema(connection)).keys()]).toEqual(['table strange', 'table t']);
    expect(await file.driver.damage(file.target)).toEqual([]);
  });
});

/** As a database looks that was made by a program with an extension. */
function withUnknownModule(path: string): void {
  const database = new Database(path);
  database.unsafeMode();
  database.pragma('writable_schema = ON');
  database.exec(
    "INSERT INTO sqlite_schema (type, name, tbl_name, rootpage, sql) VALUES ('table', 'strange', 'strange', 0, 'CREATE VIRTUAL TABLE strange USING spellfix1')",
  );
  database.close();
}
