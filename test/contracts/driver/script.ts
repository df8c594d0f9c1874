import { beforeEach, describe, expect, test } from 'vitest';
import { ForerunError } from '../../../src/error.ts';
import { failure, objectsIn, recorded, type DriverWorld, type TestDatabase } from './world.ts';

const hash = `sha256:${'0'.repeat(64)}`;

export function scriptTests(world: () => DriverWorld): void {
  describe('a script', () => {
    let database: TestDatabase;
    beforeEach(async () => {
      database = await world().makeDatabase();
    });
    const tables = async (): Promise<string[]> => {
      await using connection = await world().driver.open(database.target);
      return objectsIn(await world().driver.schema(connection));
    };

    test('runs statement by statement between the first and the last step, and says what each did', async () => {
      const attempt = recorded();
      const sql =
        "-- why\nCREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT);\n\nINSERT INTO notes VALUES\n  (1, 'a;b'), (2, NULL);\nUPDATE notes SET body = 'c' WHERE id = 2";
      await world().driver.script(sql, 'm.sql')(database.target, attempt);
      expect(attempt.steps).toEqual(['afterBegin', 'statement', 'statement', 'statement', 'beforeCommit']);
      expect(attempt.statements.map(({ sql: text, line }) => ({ text, line }))).toEqual([
        { text: 'CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT)', line: 2 },
        { text: "INSERT INTO notes VALUES\n  (1, 'a;b'), (2, NULL)", line: 4 },
        { text: "UPDATE notes SET body = 'c' WHERE id = 2", line: 6 },
      ]);
      expect(attempt.statements.map(({ rows }) => rows).slice(1)).toEqual([2, 1]);
      expect(attempt.statements.every(({ ms }) => ms >= 0)).toBe(true);
      expect(attempt.statements[2]?.assigns).toEqual([`${world().dialect.shown('notes')}.body`]);
      expect(await database.rows('SELECT id, body FROM notes ORDER BY id')).toEqual([
        [1, 'a;b'],
        [2, 'c'],
      ]);
    });

    test('may hold no statement at all', async () => {
      const attempt = recorded();
      await world().driver.script('-- nothing yet\n')(database.target, attempt);
      expect(attempt.steps).toEqual(['afterBegin', 'beforeCommit']);
    });

    test('that fails says where and why in the words of the database, and leaves nothing behind', async () => {
      await database.run(
        "CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT UNIQUE); INSERT INTO notes VALUES (1, 'a')",
      );
      const sql =
        "CREATE TABLE more (id INTEGER PRIMARY KEY);\nINSERT INTO notes VALUES (2, 'b');\n\nINSERT INTO notes\n  VALUES (3, 'a');\nDROP TABLE notes;";
      const attempt = recorded();
      const error = await failure(world().driver.script(sql, 'dir/m.sql')(database.target, attempt));
      expect(error).toBeInstanceOf(ForerunError);
      expect(error).toMatchObject({
        code: 'STATEMENT_FAILED',
        details: {
          code: world().dialect.uniqueCode,
          where: { file: 'dir/m.sql', line: 4, statement: 3, sql: "INSERT INTO notes\n  VALUES (3, 'a')" },
        },
      });
      expect(attempt.steps).toEqual(['afterBegin', 'statement', 'statement']);
      expect(await database.rows('SELECT id FROM notes')).toEqual([[1]]);
      expect(await tables()).not.toContain('table more');
    });

    test('that makes what is there already is known by it, and no other is', async () => {
      await database.run(
        'CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT); CREATE INDEX by_body ON notes (body)',
      );
      const exists = async (sql: string): Promise<boolean | undefined> => {
        const error = (await failure(
          world().driver.script(sql)(database.target, recorded()),
        )) as ForerunError<'STATEMENT_FAILED'>;
        const { message, details } = error;
        return world().driver.saysExists?.({ message, ...(details.code === undefined ? {} : { code: details.code }) });
      };
      expect(await exists('CREATE TABLE notes (id INTEGER)')).toBe(true);
      expect(await exists('ALTER TABLE notes ADD COLUMN body TEXT')).toBe(true);
      expect(await exists('CREATE INDEX by_body ON notes (id)')).toBe(true);
      expect(await exists('CREATE VIEW notes AS SELECT 1 AS id')).toBe(true);
      expect(await exists('CREATE INDEX other ON elsewhere (id)')).toBe(false);
    });

    test('with a syntax error says where', async () => {
      const error = await failure(
        world().driver.script('CREATE TABLE a (id INTEGER);\nCREATE TABEL b (id INTEGER)', 'm.sql')(
          database.target,
          recorded(),
        ),
      );
      expect(error).toMatchObject({
        code: 'STATEMENT_FAILED',
        details: { where: { file: 'm.sql', line: 2, statement: 2 } },
      });
      expect(error.message).toMatch(/tabel/i);
      expect(await tables()).toEqual([]);
    });

    test('and its history row exist together or not at all', async () => {
      const { driver } = world();
      const row = { version: '1', name: 'one', appliedOn: '2026-11-20T10:00:00.000Z', checksum: hash };
      const attempt = (fail: boolean): ReturnType<typeof recorded> =>
        recorded({
          async beforeCommit(session) {
            await driver.history(session).record(row, 'text');
            if (fail) throw new Error('on purpose');
          },
        });
      const apply = driver.script('CREATE TABLE notes (id INTEGER PRIMARY KEY)');
      const names = async (): Promise<string[]> => {
        await using connection = await driver.open(database.target);
        return (await driver.history(connection).rows()).map(({ name }) => name);
      };
      await failure(apply(database.target, attempt(true)));
      expect([await tables(), await names()]).toEqual([[], []]);
      await apply(database.target, attempt(false));
      expect([await tables(), await names()]).toEqual([['table notes'], ['one']]);
    });

    test('ends between two statements when the attempt is aborted', async () => {
      const attempt: ReturnType<typeof recorded> = recorded({
        statement: () => attempt.controller.abort(),
      });
      const error = await failure(
        world().driver.script('CREATE TABLE a (id INTEGER); CREATE TABLE b (id INTEGER)')(database.target, attempt),
      );
      expect(error.name).toBe('AbortError');
      expect(attempt.steps).toEqual(['afterBegin', 'statement']);
      expect(await tables()).toEqual([]);
    });

    test('with a statement that cannot share a transaction runs without ours, and says so', async () => {
      const attempt = recorded();
      await world().driver.script(`CREATE TABLE notes (id INTEGER PRIMARY KEY);\n${world().dialect.standalone}`)(
        database.target,
        attempt,
      );
      expect(attempt.steps).toEqual(['statement', 'statement']);
      expect(attempt.notes.join()).toMatch(/(?:without|outside) a transaction.*line 2/);
      expect(await tables()).toEqual(['table notes']);
    });

    test('is cut into statements, each with the comments right before it', () => {
      const sql = "-- forerun: must fail X\nINSERT INTO t VALUES ('a;b');\n/* two */ SELECT 1;";
      expect(world().driver.statements(sql)).toEqual([
        {
          sql: "INSERT INTO t VALUES ('a;b')",
          comment: expect.stringMatching(/^-- forerun: must fail X\n?$/) as string,
        },
        { sql: 'SELECT 1', comment: expect.stringContaining('/* two */') as string },
      ]);
    });

    test('leaves the code of an error to the engine', async () => {
      const { driver, dialect } = world();
      await database.run('CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT UNIQUE)');
      await using connection = await driver.open(database.target);
      const error = await failure(connection.query("INSERT INTO notes VALUES (1, 'a'), (2, 'a')"));
      expect(driver.codeOf(error)).toBe(dialect.uniqueCode);
      expect(driver.codeOf(new Error('no code'))).toBeUndefined();
    });
  });
}
