import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { defaultLimits } from '../../src/drivers/postgres/compare-limits.ts';
import { observePostgres } from '../../src/drivers/postgres/observe.ts';
import type { Evidence } from '../../src/seams/evidence.ts';
import { startPostgres, type PostgresServer } from '../support/postgres.ts';
import { open, targetOf } from './fixtures/postgres-observed.ts';
import { sessionOn } from './fixtures/postgres-session.ts';

const setup = `
  CREATE TABLE people (id serial PRIMARY KEY, name text, age integer);
  INSERT INTO people (name, age) SELECT 'p' || i, i FROM generate_series(1, 1000) AS i;
  CREATE TABLE orders (id integer PRIMARY KEY, person integer REFERENCES people ON DELETE CASCADE);
  INSERT INTO orders SELECT i, i FROM generate_series(1, 100) AS i`;

describe.each([14, 15, 18] as const)(
  'on PostgreSQL %i, what code did to rows is told by the rows as they were',
  (version) => {
    let server: PostgresServer;
    beforeAll(async () => {
      server = await startPostgres({ version, settings: { autovacuum: 'off' } });
    }, 60_000);
    afterAll(() => server.stop());

    /** Each one a migration of code: nobody tells what it ran. */
    const observed = async (
      migrations: readonly string[],
      text?: string,
      exact = false,
    ): Promise<readonly Evidence[]> => {
      const url = await server.createDatabase();
      await using session = await sessionOn(url);
      await session.run(setup);
      await using observer = await observePostgres(targetOf(url), open, undefined, defaultLimits);
      const evidence: Evidence[] = [];
      for (const sql of migrations) {
        await observer.begin(text);
        await using migration = await sessionOn(url);
        for (const statement of sql.split(';')) await migration.run(statement);
        await migration.client.end();
        evidence.push(await observer.finish(undefined, exact));
      }
      return evidence;
    };

    test('that are gone, and those that a foreign key took along', async () => {
      const [evidence] = await observed(['DELETE FROM people WHERE id <= 3']);
      expect(evidence).not.toHaveProperty('needsComparison');
      expect(evidence?.tables?.toSorted((a, b) => (a.table < b.table ? -1 : 1))).toMatchObject([
        { table: 'public.orders', rowsBefore: 100, rowsAfter: 97, rowsGone: 3 },
        { table: 'public.people', rowsBefore: 1000, rowsAfter: 997, rowsGone: 3, rowsAdded: 0 },
      ]);
    });

    test('that have other values, beside a column that is new', async () => {
      const [evidence] = await observed([
        `BEGIN; ALTER TABLE people ADD COLUMN level text DEFAULT 'none'; UPDATE people SET age = age + 1 WHERE id <= 5; COMMIT`,
      ]);
      expect(evidence).not.toHaveProperty('needsComparison');
      expect(evidence?.tables).toContainEqual(
        expect.objectContaining({ table: 'public.people', rowsGone: 0, rowsAdded: 0, valuesChanged: { age: 5 } }),
      );
    });

    test('for each migration anew', async () => {
      const [first, second] = await observed(['DELETE FROM orders WHERE id = 1', 'DELETE FROM orders WHERE id = 2']);
      const orders = ({ tables = [] }: Evidence): unknown => tables.find(({ table }) => table === 'public.orders');
      expect([first, second].map((one) => one && orders(one))).toMatchObject([
        { rowsBefore: 100, rowsGone: 1 },
        { rowsBefore: 99, rowsGone: 1 },
      ]);
    });

    test('where a change and its undoing are asked for as no change', async () => {
      const undone = `UPDATE people SET age = age + 1; UPDATE people SET age = age - 1; INSERT INTO orders VALUES (1000, 1); DELETE FROM orders WHERE id = 1000`;
      const [evidence] = await observed([undone], undefined, true);
      expect(evidence).not.toHaveProperty('needsComparison');
      expect(evidence?.tables?.every(({ changed, rowsGone }) => !changed && rowsGone === 0)).toBe(true);
    });

    test.each([
      ['dropped', 'ALTER TABLE people DROP COLUMN age; DELETE FROM people WHERE id = 1'],
      ['renamed', 'ALTER TABLE people RENAME COLUMN age TO years; DELETE FROM people WHERE id = 1'],
      ['rewritten', 'DELETE FROM people WHERE id = 1; ALTER TABLE people ALTER COLUMN age TYPE text'],
      ['truncated', 'TRUNCATE people CASCADE'],
    ])('but not where a table was %s', async (_, sql) => {
      const [evidence] = await observed([sql]);
      expect(evidence?.needsComparison).not.toHaveLength(0);
    });

    test('and nothing waits for that: an index that is built concurrently is there', async () => {
      const sql = 'DELETE FROM people WHERE id = 1; CREATE INDEX CONCURRENTLY by_age ON people (age)';
      const [unsaid] = await observed([sql]);
      expect(unsaid?.indexes).toMatchObject([{ index: 'public.by_age' }]);
      expect(unsaid?.needsComparison).not.toHaveLength(0);
      const [said] = await observed([sql], sql);
      expect(said?.needsComparison).not.toHaveLength(0);
    });
  },
);
