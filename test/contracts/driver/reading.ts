import { beforeEach, describe, expect, test } from 'vitest';
import type { Contents, Schema, TableColumns } from '../../../src/seams/driver.ts';
import { failure, objectsIn, recorded, type DriverWorld, type TestDatabase } from './world.ts';

export function readingTests(world: () => DriverWorld): void {
  const schemaOf = async (...sql: readonly string[]): Promise<Schema> => {
    const database = await world().makeDatabase();
    for (const statement of sql) await database.run(statement);
    await using connection = await world().driver.open(database.target);
    return await world().driver.schema(connection);
  };

  describe('the schema', () => {
    test('is the same for databases that were made by different texts', async () => {
      const one = await schemaOf(
        'CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT NOT NULL)',
        'CREATE INDEX by_body ON notes (body)',
        'CREATE VIEW bodies AS SELECT body FROM notes',
      );
      const other = await schemaOf(
        'CREATE TABLE "notes" ( -- a comment\n  "id"   INTEGER PRIMARY KEY,\n\tbody TEXT /* another */ NOT NULL\n)',
        'CREATE INDEX "by_body"\n ON "notes"("body")',
        'CREATE VIEW bodies AS\n  SELECT "body" FROM "notes"',
      );
      expect([...other]).toEqual([...one]);
      expect(objectsIn(one)).toEqual(['index by_body', 'table notes', 'view bodies']);
    });

    test('is the same for a table that was renamed and for one that always had that name', async () => {
      const made = await schemaOf('CREATE TABLE notes (id INTEGER, body TEXT)', 'CREATE INDEX by_body ON notes (body)');
      const renamed = await schemaOf(
        'CREATE TABLE old (id INTEGER, text TEXT)',
        'CREATE INDEX by_body ON old (text)',
        'ALTER TABLE old RENAME TO notes',
        'ALTER TABLE notes RENAME COLUMN text TO body',
      );
      expect([...renamed]).toEqual([...made]);
    });

    test('tells every change of a definition', async () => {
      const schemas = await Promise.all(
        [
          'CREATE TABLE notes (id INTEGER PRIMARY KEY)',
          'CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT)',
          'CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT NOT NULL)',
          "CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT DEFAULT 'a')",
          "CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT DEFAULT 'A')",
          "CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT CHECK (body <> ''))",
        ].map((sql) => schemaOf(sql)),
      );
      expect(new Set(schemas.map((schema) => JSON.stringify([...schema]))).size).toBe(schemas.length);
    });

    test('and the tables leave out what Forerun keeps itself', async () => {
      const { driver, makeDatabase } = world();
      const { target } = await makeDatabase();
      await driver.transaction(target, recorded(), async (connection) => {
        await connection.query('CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT)');
        await driver
          .history(connection)
          .record({ version: '1', name: 'one', appliedOn: '2026-11-20T10:00:00Z', checksum: 'sha256:00' }, 'x');
        await driver
          .journal(connection)
          .write('me', { run: 'r', epoch: 1, host: 'h', pid: 1, phase: 'started', at: '2026-11-20T10:00:00Z' });
        expect(objectsIn(await driver.schema(connection))).toEqual(['table notes']);
        expect(await driver.tables(connection)).toEqual([
          { table: world().dialect.shown('notes'), columns: ['id', 'body'] },
        ]);
      });
    });
  });

  describe('the contents', () => {
    let things: string;
    let database: TestDatabase;
    beforeEach(async () => {
      things = world().dialect.shown('things');
      database = await world().makeDatabase();
      await database.run(`CREATE TABLE things (id INTEGER, v ${world().dialect.anyType})`);
    });
    const contents = async (
      of: readonly TableColumns[] = [{ table: things, columns: ['id', 'v'] }],
    ): Promise<Contents> => {
      await using connection = await world().driver.open(database.target);
      return await world().driver.contents(connection, of);
    };
    const digestOf = async (rows: string): Promise<string | undefined> => {
      await database.run(`DELETE FROM things; INSERT INTO things VALUES ${rows}`);
      return (await contents()).get(things)?.digest;
    };

    test('do not depend on the order of rows', async () => {
      const [a, b] = world().dialect.differentValues;
      expect(await digestOf(`(1, ${a}), (2, ${b}), (3, ${a})`)).toBe(await digestOf(`(3, ${a}), (1, ${a}), (2, ${b})`));
    });

    test('tell rows that are there twice, values that changed places, and values of different types', async () => {
      const { differentValues } = world().dialect;
      const [a, b] = differentValues;
      const digests = [
        await digestOf(`(1, ${a})`),
        await digestOf(`(1, ${a}), (1, ${a})`),
        await digestOf(`(1, ${a}), (1, ${a}), (1, ${a})`),
        await digestOf(`(1, ${a}), (2, ${b})`),
        await digestOf(`(2, ${a}), (1, ${b})`),
        ...(await inTurn(differentValues.slice(1), (value) => digestOf(`(1, ${value})`))),
      ];
      expect(new Set(digests).size).toBe(digests.length);
    });

    test('are those of the columns that are asked for', async () => {
      const [a, b] = world().dialect.differentValues;
      await database.run(`INSERT INTO things VALUES (1, ${a})`);
      const before = await contents([{ table: things, columns: ['id'] }]);
      await database.run(`UPDATE things SET v = ${b}`);
      expect(await contents([{ table: things, columns: ['id'] }])).toEqual(before);
      expect(await contents()).not.toEqual(before);
    });

    test('and the counts are of every table that is named, empty ones too', async () => {
      await database.run(`CREATE TABLE "none" (id INTEGER); INSERT INTO things VALUES (1, NULL), (1, NULL)`);
      await using connection = await world().driver.open(database.target);
      const { driver } = world();
      const none = world().dialect.shown('none');
      const tables = await driver.tables(connection);
      expect([...(await driver.contents(connection, tables))].map(([table, { rows }]) => [table, rows])).toEqual([
        [none, 0],
        [things, 2],
      ]);
      expect(await driver.counts(connection, [things, none])).toEqual(
        new Map([
          [things, 2],
          [none, 0],
        ]),
      );
    });
  });

  describe('a connection', () => {
    test('answers queries with parameters, and streams rows', async () => {
      const { driver, dialect, makeDatabase } = world();
      const database = await makeDatabase();
      await database.run(`CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT); ${dialect.fill(500)}`);
      await using connection = await driver.open(database.target);
      expect(await connection.query('SELECT id FROM notes WHERE id <= 2 ORDER BY id')).toEqual([{ id: 1 }, { id: 2 }]);
      const ids: unknown[] = [];
      for await (const { id } of connection.rows('SELECT id FROM notes ORDER BY id')) {
        ids.push(id);
        if (ids.length === 400) break;
      }
      expect(ids).toEqual(Array.from({ length: 400 }, (_, at) => at + 1));
      await connection.query("INSERT INTO notes VALUES (501, 'still usable')");
    });

    test('to a database that is gone cannot be opened', async () => {
      const { driver, unusable } = world();
      for (const target of Object.values(await unusable())) {
        await failure(driver.open(target).then((connection) => connection.query('SELECT * FROM notes')));
      }
    });
  });
}

async function inTurn<T>(values: readonly string[], ask: (value: string) => Promise<T>): Promise<T[]> {
  const answers: T[] = [];
  for (const value of values) answers.push(await ask(value));
  return answers;
}
