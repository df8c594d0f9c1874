import { beforeEach, describe, expect, test } from 'vitest';
import type { Observer } from '../../../src/seams/driver.ts';
import type { Evidence, TableEvidence } from '../../../src/seams/evidence.ts';
import type { Target } from '../../../src/seams/target.ts';
import { recorded, type DriverWorld, type Recorded, type TestDatabase } from './world.ts';

const seed = `
  CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, age INTEGER);
  CREATE TABLE orders (id INTEGER PRIMARY KEY, total INTEGER);
  INSERT INTO users VALUES (1, 'Ann', 30), (2, 'Bob', NULL), (3, NULL, 50);
  INSERT INTO orders VALUES (1, 10), (2, 20);
`;

export function evidenceTests(world: () => DriverWorld): void {
  let database: TestDatabase;
  const shown = (table: string): string => world().dialect.shown(table);
  beforeEach(async () => {
    database = await world().makeDatabase();
    await database.run(seed);
  });

  describe.each(['its statements told', 'nothing told of it'])('a migration that is observed, with %s,', (seen) => {
    const isBound = (): boolean => seen === 'its statements told' && world().dialect.updatesTold === 'at most';
    const finished = async (observer: Observer, before: Target, told: Recorded): Promise<Evidence> => {
      const statements = seen === 'its statements told' ? told.statements : undefined;
      const evidence = await observer.finish(statements);
      if ((evidence.needsComparison ?? []).length === 0) return evidence;
      // What cannot be told from beside, the state before tells.
      const compared = await world().driver.compare(
        before,
        database.target,
        statements === undefined ? {} : { statements },
      );
      const { tables } = compared;
      return { ...evidence, ...(tables === undefined ? {} : { tables }) };
    };
    const observe = async (sql: string): Promise<Evidence> => {
      const { driver, copyOf } = world();
      const attempt = recorded();
      const before = await copyOf(database.target);
      await using observer = await driver.observe(database.target);
      await observer.begin();
      await driver.script(sql)(database.target, attempt);
      return await finished(observer, before, attempt);
    };
    const tableOf = async (sql: string, table = 'users'): Promise<TableEvidence | undefined> =>
      (await observe(sql)).tables?.find((candidate) => candidate.table === shown(table));

    test('has left a table that it does not write as it was', async () => {
      const { tables = [] } = await observe('UPDATE users SET age = age');
      const changed = tables.filter((table) => table.changed);
      expect(isBound() ? changed.map(({ rowsGone, valuesChanged }) => [rowsGone, valuesChanged]) : changed).toEqual(
        isBound() ? [[0, { age: 3 }]] : [],
      );
    });

    test('has lost rows', async () => {
      expect(await tableOf('DELETE FROM users WHERE id > 1')).toMatchObject({
        rowsBefore: 3,
        rowsAfter: 1,
        rowsGone: 2,
        changed: true,
      });
    });

    test('has lost rows, as many as it added', async () => {
      const evidence = await tableOf("DELETE FROM users WHERE id = 1; INSERT INTO users VALUES (4, 'Dan', 20)");
      expect(evidence).toMatchObject({ rowsBefore: 3, rowsAfter: 3, rowsGone: 1, changed: true, valuesChanged: {} });
    });

    test('has only added rows', async () => {
      const evidence = await tableOf("INSERT INTO users VALUES (4, 'Dan', 20)");
      expect(evidence).toMatchObject({ rowsBefore: 3, rowsAfter: 4, rowsGone: 0, changed: true, valuesChanged: {} });
    });

    test('has changed values, from and to null too, in as many rows as differ', async () => {
      const evidence = await tableOf(
        'UPDATE users SET name = upper(name); UPDATE users SET age = NULL WHERE id = 1; UPDATE users SET age = 0 WHERE id = 2',
      );
      expect(evidence).toMatchObject({ rowsGone: 0, changed: true });
      expect(evidence?.valuesChanged).toEqual(isBound() ? { name: 3, age: 2 } : { name: 2, age: 2 });
    });

    test('has dropped a table', async () => {
      const evidence = await tableOf('DROP TABLE users');
      expect(evidence).toMatchObject({ table: shown('users'), rowsBefore: 3, changed: true });
      expect(evidence).not.toHaveProperty('rowsAfter');
    });

    test('has made a table', async () => {
      const evidence = await tableOf('CREATE TABLE copies AS SELECT * FROM users', 'copies');
      expect(evidence).toMatchObject({ rowsAfter: 3, changed: true });
      expect(evidence).not.toHaveProperty('rowsBefore');
    });

    test('has dropped a column with values in it', async () => {
      const evidence = await tableOf('ALTER TABLE users DROP COLUMN age');
      expect(evidence).toMatchObject({ rowsGone: 0, changed: false, columnsDropped: { age: 2 }, valuesChanged: {} });
    });

    test('has added a column, with values', async () => {
      const evidence = await tableOf("ALTER TABLE users ADD COLUMN mail TEXT; UPDATE users SET mail = 'x'");
      expect(evidence).toMatchObject({ rowsGone: 0, changed: false, valuesChanged: {} });
      expect(evidence).not.toHaveProperty('columnsDropped');
    });

    test('has renamed a table and changed it', async () => {
      const evidence = await tableOf(
        'ALTER TABLE users RENAME TO people; DELETE FROM people WHERE id = 3; UPDATE people SET age = 1',
        'people',
      );
      expect(evidence).toMatchObject({
        renamedFrom: shown('users'),
        rowsBefore: 3,
        rowsAfter: 2,
        rowsGone: 1,
        valuesChanged: { age: 2 },
      });
    });

    test('has renamed a column, and lost no value', async () => {
      const evidence = await tableOf(
        'ALTER TABLE users RENAME COLUMN name TO title; UPDATE users SET age = 1 WHERE id = 1',
      );
      expect(evidence).toMatchObject({ rowsGone: 0, valuesChanged: { age: 1 } });
      expect(evidence).not.toHaveProperty('columnsDropped');
    });

    test('has rebuilt a table and kept what was in it', async () => {
      const evidence = await tableOf(
        'CREATE TABLE built (id INTEGER PRIMARY KEY, name TEXT, age INTEGER, mail TEXT); INSERT INTO built (id, name, age) SELECT id, name, age FROM users; DROP TABLE users; ALTER TABLE built RENAME TO users',
      );
      expect(evidence).toMatchObject({ rowsBefore: 3, rowsAfter: 3, rowsGone: 0, valuesChanged: {}, changed: false });
    });

    test('has rebuilt a table and lost a row on the way', async () => {
      const evidence = await tableOf(
        'CREATE TABLE built (id INTEGER PRIMARY KEY, name TEXT, age INTEGER); INSERT INTO built SELECT id, name, age FROM users WHERE name IS NOT NULL; DROP TABLE users; ALTER TABLE built RENAME TO users',
      );
      expect(evidence).toMatchObject({ rowsBefore: 3, rowsAfter: 2, rowsGone: 1 });
    });

    test('is told apart from the one before it, and from one that failed', async () => {
      const { driver, makeDatabase } = world();
      const applied = [seed];
      await using observer = await driver.observe(database.target);
      const next = async (sql: string): Promise<unknown> => {
        const attempt = recorded();
        const before = await makeDatabase();
        for (const script of applied) await before.run(script);
        await observer.begin();
        await driver.script(sql)(database.target, attempt);
        const { tables = [] } = await finished(observer, before.target, attempt);
        applied.push(sql);
        return tables
          .filter((table) => table.changed)
          .map(({ table, rowsGone, rowsAdded }) => ({ table, rowsGone, rowsAdded }));
      };
      expect(await next('DELETE FROM users WHERE id = 1')).toEqual([
        { table: shown('users'), rowsGone: 1, rowsAdded: 0 },
      ]);
      expect(await next('INSERT INTO orders VALUES (3, 30)')).toEqual([
        { table: shown('orders'), rowsGone: 0, rowsAdded: 1 },
      ]);
      await expect(next('DELETE FROM orders; DELETE FROM nowhere')).rejects.toThrow();
      expect(await next('ALTER TABLE users ADD COLUMN mail TEXT; DELETE FROM users WHERE id = 2')).toEqual([
        { table: shown('users'), rowsGone: 1, rowsAdded: 0 },
      ]);
    });

    test('that did nothing has nothing to show', async () => {
      const { tables = [], integrity = [] } = await observe('-- nothing');
      expect([tables.filter((table) => table.changed), integrity]).toEqual([[], []]);
    });
  });

  describe('comparing two databases', () => {
    test('finds what is gone, changed and new in the second', async () => {
      const copy = await world().copyOf(database.target);
      await database.run(
        "DELETE FROM orders; UPDATE users SET name = 'Eve' WHERE id = 1; CREATE TABLE more (id INTEGER)",
      );
      const { tables = [] } = await world().driver.compare(copy, database.target);
      expect(
        tables
          .filter((table) => table.changed)
          .map(({ table, rowsGone, valuesChanged }) => ({ table, rowsGone, valuesChanged })),
      ).toEqual([
        { table: shown('orders'), rowsGone: 2, valuesChanged: {} },
        { table: shown('users'), rowsGone: 0, valuesChanged: { name: 1 } },
      ]);
      expect(tables.map(({ table }) => table)).toContain(shown('more'));
    });

    test('finds nothing between a database and its copy, and writes to neither', async () => {
      const copy = await world().copyOf(database.target);
      const { tables = [], integrity = [] } = await world().driver.compare(copy, database.target);
      expect([tables.filter((table) => table.changed), integrity]).toEqual([[], []]);
      expect((await world().driver.compare(database.target, copy)).tables?.some((table) => table.changed)).toBe(false);
    });
  });

  describe('looking for damage', () => {
    test('finds none in a whole database', async () => {
      expect(await world().driver.damage(database.target)).toEqual([]);
    });

    test('finds it in one that is broken', async ({ skip }) => {
      const broken = await world().damaged?.();
      if (broken === undefined) return skip('no test can break a database of this engine');
      const damage = await world().driver.damage(broken);
      expect(damage.map(({ kind }) => kind)).toContain('corruption');
    });
  });

  describe('watching main', () => {
    test('tells that another process committed, once, and nothing of what did not happen', async ({ skip }) => {
      const { driver, application } = world();
      await using watch = await driver.watch?.(database.target);
      if (watch === undefined) return skip('the engine has no version to watch');
      expect(await watch.moved()).toBe(false);
      const other = await application(database.target);
      expect(await watch.moved()).toBe(false);
      await other.run('UPDATE orders SET total = 30 WHERE id = 1');
      expect(await watch.moved()).toBe(true);
      expect(await watch.moved()).toBe(false);
      await other.run('BEGIN; UPDATE orders SET total = 40 WHERE id = 1; ROLLBACK');
      expect(await watch.moved()).toBe(false);
      await other.end();
    });

    test('tells whether another process has it open', async ({ skip }) => {
      const { driver, application } = world();
      await using watch = await driver.watch?.(database.target);
      const alone = await watch?.shared();
      if (watch === undefined || alone === undefined) return skip('this cannot be known here');
      expect(alone).toBe(false);
      const other = await application(database.target);
      expect(await watch.shared()).toBe(true);
      await other.end();
      expect(await watch.shared()).toBe(false);
    });
  });
}
