import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { comparePostgres, type CompareOptions } from '../../src/drivers/postgres/compare.ts';
import type { TableEvidence } from '../../src/seams/evidence.ts';
import { startPostgres, type PostgresServer } from '../support/postgres.ts';
import { open, run, targetOf, type Told } from './fixtures/postgres-observed.ts';
import { sessionOn } from './fixtures/postgres-session.ts';

const setup = `
  CREATE TABLE people (id serial PRIMARY KEY, name text, age numeric(5, 1), seen timestamptz);
  INSERT INTO people (name, age) SELECT 'p' || i, i FROM generate_series(1, 1000) AS i;
  CREATE TABLE log (line text, level integer);
  INSERT INTO log SELECT 'l' || i % 50, 1 FROM generate_series(1, 200) AS i;
  CREATE TABLE "Odd ""Name""" ("A b" integer PRIMARY KEY, "C" text); INSERT INTO "Odd ""Name""" VALUES (1, NULL), (2, '');
  CREATE TABLE untouched (id integer PRIMARY KEY); INSERT INTO untouched VALUES (1)`;

describe.each([15, 18] as const)('two databases of PostgreSQL %i are compared:', (version) => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres({ version });
  }, 60_000);
  afterAll(() => server.stop());

  const compared = async (
    statements: readonly Told[],
    options: { readonly told?: boolean; readonly tables?: CompareOptions['tables'] } = {},
  ): Promise<(table: string) => TableEvidence | undefined> => {
    const [before, after] = [await server.createDatabase(), await server.createDatabase()];
    for (const url of [before, after]) {
      await using session = await sessionOn(url);
      await session.run(setup);
    }
    const { told } = await run(after, statements, false);
    const { tables = [] } = await comparePostgres(targetOf(before), targetOf(after), open, {
      ...(options.told === true ? { statements: told } : {}),
      tables: options.tables,
    });
    return (table) => tables.find((one) => one.table === `public.${table}`);
  };

  test('equal ones differ in nothing', async () => {
    const table = await compared([]);
    const same = { changed: false, rowsGone: 0, rowsAdded: 0, valuesChanged: {} };
    expect(table('people')).toMatchObject({ rowsBefore: 1000, rowsAfter: 1000, ...same });
    expect(table('"Odd ""Name"""')).toMatchObject({ rowsBefore: 2, ...same });
    expect(table('log')).toMatchObject({ rowsBefore: 200, ...same });
  });

  test('rows that are gone, added and changed are told by key', async () => {
    const table = await compared([
      'DELETE FROM people WHERE id <= 10',
      `INSERT INTO people (id, name) VALUES (5001, 'new'), (3, 'again')`,
      'UPDATE people SET age = age + 1 WHERE id BETWEEN 100 AND 104',
      `UPDATE people SET name = 'x', seen = '2026-01-01' WHERE id = 104`,
      `UPDATE "Odd ""Name""" SET "C" = '' WHERE "C" IS NULL`,
    ]);
    expect(table('people')).toMatchObject({
      rowsBefore: 1000,
      rowsAfter: 992,
      changed: true,
      rowsGone: 9,
      rowsAdded: 1,
      valuesChanged: { age: 6, name: 2, seen: 1 },
    });
    expect(table('"Odd ""Name"""')).toMatchObject({ rowsGone: 0, valuesChanged: { C: 1 } });
    expect(table('untouched')).toMatchObject({ changed: false });
  });

  test('rows without a key are told by value, save in columns that statements set', async () => {
    const statements = [
      `DELETE FROM log WHERE ctid IN (SELECT ctid FROM log WHERE line = 'l7' LIMIT 3)`,
      { sql: 'UPDATE log SET level = 2', assigns: ['public.log.level'] },
      `INSERT INTO log VALUES ('fresh', 2)`,
    ];
    expect((await compared(statements))('log')).toMatchObject({ rowsGone: 200, rowsAdded: 198, rowsToldBy: 'value' });
    expect((await compared(statements, { told: true }))('log')).toMatchObject({
      rowsGone: 3,
      rowsAdded: 1,
      rowsToldBy: 'value',
      changed: true,
    });
  });

  test('a table that was swapped for another is compared under its name, a lost primary key or not', async () => {
    const table = await compared([
      'CREATE TABLE people_new (id integer NOT NULL, name text, age numeric(5, 1), seen timestamptz, premium integer)',
      'INSERT INTO people_new SELECT id, name, age, seen, 0 FROM people WHERE id <> 7',
      'ALTER TABLE people RENAME TO people_old',
      'ALTER TABLE people_new RENAME TO people',
    ]);
    expect(table('people')).toMatchObject({ rowsGone: 1, rowsAdded: 0, valuesChanged: {} });
    expect(table('people')).not.toHaveProperty('rowsToldBy');
    expect(table('people_old')).toMatchObject({ rowsAfter: 1000 });
    expect(table('people_old')).not.toHaveProperty('rowsBefore');
  });

  test.each([true, false])('renames are followed, told (%s) or not', async (told) => {
    const table = await compared(
      [
        'ALTER TABLE people RENAME TO persons',
        'ALTER TABLE persons RENAME COLUMN name TO full_name',
        'ALTER TABLE untouched RENAME TO still',
        'ALTER TABLE log RENAME COLUMN level TO grade',
      ],
      { told },
    );
    const same = { changed: false, rowsGone: 0, valuesChanged: {} };
    expect(table('persons')).toMatchObject({ renamedFrom: 'public.people', rowsBefore: 1000, ...same });
    expect(table('persons')).not.toHaveProperty('columnsDropped');
    expect(table('still')).toMatchObject({ renamedFrom: 'public.untouched', ...same });
    expect(table('log')).toMatchObject(same);
  });

  test('dropped columns and tables tell what was in them', async () => {
    const table = await compared([
      'UPDATE people SET seen = now() WHERE id <= 5',
      'ALTER TABLE people DROP COLUMN name, DROP COLUMN seen, ADD COLUMN other text DEFAULT $$x$$',
      'DROP TABLE log',
      'CREATE TABLE fresh AS SELECT 1 AS one',
    ]);
    expect(table('people')).toMatchObject({ rowsGone: 0, columnsDropped: { name: 1000, seen: 0 } });
    expect(table('log')).toMatchObject({ rowsBefore: 200, changed: true });
    expect(table('log')).not.toHaveProperty('rowsAfter');
    expect(table('fresh')).toMatchObject({ rowsAfter: 1 });
  });

  test('a value of another type is the same if it can be cast back', async () => {
    const same = await compared(['ALTER TABLE people ALTER id TYPE bigint, ALTER age TYPE text']);
    expect(same('people')).toMatchObject({ rowsGone: 0, rowsAdded: 0, valuesChanged: {} });
    const rounded = await compared([
      'UPDATE untouched SET id = id',
      'ALTER TABLE people ALTER age TYPE integer USING (age + CASE WHEN id <= 4 THEN 1 ELSE 0 END)::integer',
    ]);
    expect(rounded('people')).toMatchObject({ valuesChanged: { age: 4 } });
    const odd = await compared([`ALTER TABLE people ALTER name TYPE integer USING substr(name, 2)::integer`]);
    expect(odd('people')).toMatchObject({ valuesChanged: { name: 1000 } });
    const kind = await compared([
      `CREATE TYPE mood AS ENUM ('l0')`,
      'ALTER TABLE people ALTER age TYPE mood USING NULL',
    ]);
    expect(kind('people')).toMatchObject({ valuesChanged: { age: 1000 } });
  });

  test('only the tables that are asked for are read', async () => {
    const table = await compared(['DELETE FROM log', 'DELETE FROM people WHERE id = 1'], { tables: ['public.people'] });
    expect(table('people')).toMatchObject({ rowsGone: 1 });
    expect(table('log')).toBeUndefined();
  });
});
