import { describe, expect, test } from 'vitest';
import { failure, newFile, recorded, type SqliteFile } from './fixtures/sqlite-file.ts';

const family = (onDelete: string): string => `
  CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);
  CREATE TABLE orders (id INTEGER PRIMARY KEY, user_id INTEGER REFERENCES users (id) ${onDelete});
  INSERT INTO users VALUES (1, 'Ann'), (2, 'Bob');
  INSERT INTO orders VALUES (1, 1), (2, 2), (3, 2), (4, NULL);
`;

const orders = (file: SqliteFile): unknown[] =>
  file.read("SELECT id || ':' || ifnull(user_id, '-') FROM orders ORDER BY id");
const all = ['1:1', '2:2', '3:2', '4:-'];

/** Every way in which people rebuild a table. */
const rebuilds = {
  'new, copy, drop, rename':
    'CREATE TABLE new_users (id INTEGER PRIMARY KEY, name TEXT NOT NULL); INSERT INTO new_users SELECT id, name FROM users; DROP TABLE users; ALTER TABLE new_users RENAME TO users;',
  'with foreign keys turned off by itself':
    'PRAGMA foreign_keys = OFF; BEGIN; CREATE TABLE new_users (id INTEGER PRIMARY KEY, name TEXT NOT NULL); INSERT INTO new_users SELECT id, name FROM users; DROP TABLE users; ALTER TABLE new_users RENAME TO users; COMMIT; PRAGMA foreign_keys = ON;',
  'with names in quotes and another case':
    'CREATE TABLE "new users" (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO "new users" SELECT id, name FROM main.USERS; DROP TABLE IF EXISTS main.[Users]; ALTER TABLE "new users" RENAME TO `users`;',
  'kept aside in a table of its own':
    'CREATE TABLE aside AS SELECT * FROM users; DROP TABLE users; CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL); INSERT INTO users SELECT id, name FROM aside; DROP TABLE aside;',
};

describe('a table that is rebuilt while others refer to it', () => {
  for (const onDelete of [
    'ON DELETE CASCADE',
    'ON DELETE SET NULL',
    'ON DELETE SET DEFAULT',
    'ON DELETE RESTRICT',
    '',
  ]) {
    test.each(Object.entries(rebuilds))(
      `leaves its children alone (${onDelete || 'no action'}): %s`,
      async (_, sql) => {
        const file = newFile(family(onDelete));
        const { attempt, evidence } = await file.observe(sql);
        expect(orders(file)).toEqual(all);
        expect(evidence.tables?.filter((table) => table.rowsGone).map(({ table }) => table)).toEqual([]);
        expect(attempt.notes.join('\n')).toMatch(
          /Foreign keys were not enforced while it ran \((the script turns them off|it drops a table that others refer to)\)/,
        );
        expect(file.read('PRAGMA foreign_key_check')).toEqual([]);
      },
    );
  }

  test('keeps its children where both are rebuilt', async () => {
    const file = newFile(family('ON DELETE CASCADE'));
    await file.apply(
      `${rebuilds['new, copy, drop, rename']} CREATE TABLE new_orders (id INTEGER PRIMARY KEY, user_id REFERENCES users ON DELETE CASCADE, x); INSERT INTO new_orders (id, user_id) SELECT id, user_id FROM orders; DROP TABLE orders; ALTER TABLE new_orders RENAME TO orders`,
    );
    expect(orders(file)).toEqual(all);
  });

  test('is not promoted where its children lose what they refer to', async () => {
    const file = newFile(family('ON DELETE CASCADE'));
    const error = await failure(file.apply(`${rebuilds['new, copy, drop, rename']} DELETE FROM users WHERE id = 2;`));
    expect(error).toMatchObject({
      code: 'INTEGRITY',
      message: '2 rows of orders refer to rows of users that are not there.',
      details: { violations: [{ kind: 'foreign-key', table: 'orders', references: 'users', rows: 2 }] },
    });
    expect(error.next).toMatch(/\w/);
    expect([orders(file), file.read('SELECT name FROM users')]).toEqual([all, ['Ann', 'Bob']]);
  });

  test('is not dropped for good under its children', async () => {
    const file = newFile(family('ON DELETE CASCADE'));
    const error = await failure(file.apply('DROP TABLE users'));
    expect(error).toMatchObject({
      code: 'INTEGRITY',
      message: '3 rows of orders refer to rows of users that are not there.',
    });
    expect(orders(file)).toEqual(all);
  });

  test('may be dropped together with its children, in any order', async () => {
    for (const sql of ['DROP TABLE orders; DROP TABLE users', 'DROP TABLE users; DROP TABLE orders']) {
      const file = newFile(family('ON DELETE RESTRICT'));
      await file.apply(sql);
      expect(file.read("SELECT count(*) FROM sqlite_schema WHERE type = 'table'")).toEqual([0]);
    }
  });

  test('under a name that its children follow ends as rows that refer to nothing', async () => {
    const file = newFile(family('ON DELETE CASCADE'));
    // SQLite has the children refer to the table's new name, and then that is dropped.
    const error = await failure(
      file.apply(
        'ALTER TABLE users RENAME TO old; CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO users SELECT * FROM old; DROP TABLE old',
      ),
    );
    expect(error.message).toBe('3 rows of orders refer to rows of old that are not there.');
    await file.apply(
      'PRAGMA legacy_alter_table = ON; ALTER TABLE users RENAME TO old; CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO users SELECT * FROM old; DROP TABLE old',
    );
    expect(orders(file)).toEqual(all);
  });
});

describe('a script that relies on foreign keys', () => {
  test('has its deletes cascade, through triggers and further tables', async () => {
    const file = newFile(`${family('ON DELETE CASCADE')}
      CREATE TABLE items (order_id REFERENCES orders ON DELETE SET NULL); INSERT INTO items VALUES (1), (2);
      CREATE TABLE log (id); CREATE TRIGGER t AFTER DELETE ON orders BEGIN INSERT INTO log VALUES (old.id); END;`);
    const { notes } = await file.apply('DELETE FROM users WHERE id = 2');
    expect([orders(file), file.read('SELECT order_id FROM items'), file.read('SELECT id FROM log')]).toEqual([
      ['1:1', '4:-'],
      [1, null],
      [2, 3],
    ]);
    expect(notes).toEqual([]);
  });

  test.each([
    ['renames a column of it', 'ALTER TABLE users RENAME COLUMN name TO title'],
    ['drops a column of it', 'ALTER TABLE users DROP COLUMN name'],
    ['renames it', 'ALTER TABLE users RENAME TO people; ALTER TABLE people RENAME TO users'],
    ['drops a table that nobody refers to', 'CREATE TABLE x (a); DROP TABLE x'],
    ['adds to it', 'ALTER TABLE users ADD COLUMN mail TEXT'],
  ])('goes on to have its deletes cascade where it %s', async (_, sql) => {
    const file = newFile(family('ON DELETE CASCADE'));
    const { notes } = await file.apply(`${sql}; DELETE FROM users WHERE id = 2`);
    expect([orders(file), notes]).toEqual([['1:1', '4:-'], []]);
  });

  test('is stopped at the statement that breaks one', async () => {
    const file = newFile(family('ON DELETE RESTRICT'));
    const error = await failure(file.apply('DELETE FROM orders WHERE id = 1;\nDELETE FROM users WHERE id = 2'));
    expect(error).toMatchObject({
      code: 'STATEMENT_FAILED',
      message: 'FOREIGN KEY constraint failed',
      details: { where: { line: 2 } },
    });
  });

  test('that leaves a deferred one broken is told which, with counts', async () => {
    const file = newFile(family('DEFERRABLE INITIALLY DEFERRED'));
    const steps: string[] = [];
    const error = await failure(
      file.apply('DELETE FROM users', { beforeCommit: async () => void steps.push('history') }),
    );
    expect(error).toMatchObject({
      code: 'INTEGRITY',
      message: '3 rows of orders refer to rows of users that are not there.',
      details: { violations: [{ table: 'orders', references: 'users', rows: 3 }] },
    });
    expect([steps, file.read('SELECT id FROM users')]).toEqual([['history'], [1, 2]]);
    await file.apply('DELETE FROM users; INSERT INTO users VALUES (1, NULL), (2, NULL)');
  });

  test('may put off all of them to its end', async () => {
    const file = newFile(family('ON DELETE NO ACTION'));
    await file.apply("PRAGMA defer_foreign_keys = ON; DELETE FROM users; INSERT INTO users VALUES (1, 'x'), (2, 'y')");
    expect(orders(file)).toEqual(all);
    const error = await failure(file.apply('PRAGMA defer_foreign_keys = ON; DELETE FROM users WHERE id = 2'));
    expect(error).toMatchObject({
      code: 'INTEGRITY',
      message: '2 rows of orders refer to rows of users that are not there.',
    });
  });
});

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
        /^1 row of (orders|purchases) refer to rows of (users|people) that are not there\.$/,
      );
    },
  );

  test('are told from new ones where nothing is known of the migration', async () => {
    const file = newFile(old, { foreignKeys: false });
    const observe = async (sql: string): Promise<unknown> => {
      await using observer = await file.driver.observe(file.target);
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
