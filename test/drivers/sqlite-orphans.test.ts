import { describe, expect, test } from 'vitest';
import { all, family, orders, rebuilds } from './fixtures/sqlite-family.ts';
import { failure, newFile, recorded } from './fixtures/sqlite-file.ts';

describe('rows that referred to nothing before', () => {
  const old = `${family('ON DELETE CASCADE')} INSERT INTO orders VALUES (5, 99), (6, 98)`;

  test.each([
    ...Object.entries(rebuilds),
    [
      'rebuilt children',
      'PRAGMA foreign_keys = OFF; CREATE TABLE new_orders (id INTEGER PRIMARY KEY, user_id REFERENCES users); INSERT INTO new_orders SELECT id, user_id FROM orders; DROP TABLE orders; ALTER TABLE new_orders RENAME TO orders',
    ],
    [
      'children kept under another name',
      'PRAGMA foreign_keys = OFF; ALTER TABLE orders RENAME TO old_orders; CREATE TABLE orders (id INTEGER PRIMARY KEY, user_id REFERENCES users); INSERT INTO orders SELECT * FROM old_orders',
    ],
    [
      'a parent with a new name',
      'PRAGMA foreign_keys = OFF; ALTER TABLE users RENAME TO people; UPDATE orders SET user_id = user_id',
    ],
    [
      'children with a new name',
      'PRAGMA foreign_keys = OFF; ALTER TABLE orders RENAME TO purchases; UPDATE purchases SET user_id = user_id; ALTER TABLE purchases RENAME TO orders',
    ],
  ])("are not this migration's: %s", async (_, sql) => {
    const file = newFile(old, { foreignKeys: false });
    await file.apply(sql);
    expect(orders(file)).toEqual([...all, '5:99', '6:98']);
  });

  test.each(['', 'ALTER TABLE orders RENAME TO purchases;', 'ALTER TABLE users RENAME TO people;'])(
    'do not hide those that are new (%s)',
    async (rename) => {
      const file = newFile(old, { foreignKeys: false });
      const sql = `PRAGMA foreign_keys = OFF; INSERT INTO orders VALUES (7, 97); ${rename}`;
      const error = await failure(file.apply(sql));
      expect(error.message).toMatch(
        /^1 row of (orders|purchases) refers to rows of (users|people) that are not there\.$/,
      );
    },
  );

  test('do not hide as many new ones while they are mended', async () => {
    const file = newFile(old, { foreignKeys: false });
    const sql =
      'PRAGMA foreign_keys = OFF; UPDATE orders SET user_id = CASE id WHEN 5 THEN 1 WHEN 6 THEN 1 ELSE 77 END WHERE id IN (1, 5, 6)';
    expect((await failure(file.apply(sql))).message).toBe(
      '1 row of orders refers to rows of users that are not there.',
    );
  });

  test('are told from new ones where nothing is known of the migration', async () => {
    const file = newFile(old, { foreignKeys: false });
    const observe = async (sql: string): Promise<unknown> => {
      await using observer = await file.driver.observe(file.target);
      await observer.begin();
      await file.driver.transaction(file.target, recorded({ alone: true }), async (connection) => {
        await connection.query('PRAGMA foreign_keys = OFF');
        for (const statement of sql.split(';')) await connection.query(statement);
      });
      return (await observer.finish(undefined)).integrity;
    };
    expect(await observe('ALTER TABLE users RENAME TO people; ALTER TABLE orders RENAME TO purchases')).toEqual([]);
    expect(await observe('DELETE FROM people WHERE id = 1')).toMatchObject([
      { table: 'purchases', references: 'people', rows: 1 },
    ]);
  });
});

describe('foreign keys that SQLite cannot check', () => {
  const wrong =
    'CREATE TABLE parents (a, b); CREATE TABLE children (a REFERENCES parents (a)); CREATE TABLE users (id INTEGER PRIMARY KEY); CREATE TABLE orders (u REFERENCES users)';
  const rebuild = 'CREATE TABLE n (id INTEGER PRIMARY KEY); DROP TABLE users; ALTER TABLE n RENAME TO users';

  test('are of no concern to a script that does not touch them', async () => {
    const { notes } = await newFile(wrong).apply(rebuild);
    expect(notes.join()).not.toContain('children');
  });

  test('are noted where a script does', async () => {
    const { notes } = await newFile(wrong).apply(`${rebuild}; ALTER TABLE children ADD COLUMN x`);
    expect(notes).toContain(
      'The foreign keys of children cannot be checked: foreign key mismatch - "children" referencing "parents".',
    );
  });

  test('stop a migration that made them so', async () => {
    const file = newFile(
      'CREATE TABLE users (id INTEGER PRIMARY KEY, mail TEXT UNIQUE); CREATE TABLE orders (mail REFERENCES users (mail))',
    );
    const error = await failure(
      file.apply('CREATE TABLE n (id INTEGER PRIMARY KEY, mail TEXT); DROP TABLE users; ALTER TABLE n RENAME TO users'),
    );
    expect(error).toMatchObject({
      code: 'INTEGRITY',
      message:
        'The foreign keys of orders can be checked no more: foreign key mismatch - "orders" referencing "users".',
    });
  });
});
