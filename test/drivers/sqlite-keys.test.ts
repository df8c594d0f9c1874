import { describe, expect, test } from 'vitest';
import { all, family, orders, rebuilds } from './fixtures/sqlite-family.ts';
import { failure, newFile } from './fixtures/sqlite-file.ts';

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
