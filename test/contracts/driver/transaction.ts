import { beforeEach, describe, expect, test } from 'vitest';
import type { Connection } from '../../../src/seams/driver.ts';
import { failure, recorded, type DriverWorld, type TestDatabase } from './world.ts';

export function transactionTests(world: () => DriverWorld): void {
  describe('a transaction', () => {
    let database: TestDatabase;
    beforeEach(async () => {
      database = await world().makeDatabase();
      await database.run(
        "CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT); INSERT INTO notes VALUES (1, 'first')",
      );
    });
    const bodies = async (): Promise<unknown[]> => (await database.rows('SELECT body FROM notes ORDER BY id')).flat();
    const insert = (connection: Connection, id: number): Promise<unknown> =>
      connection.query(`INSERT INTO notes VALUES (${id}, 'row ${id}')`);

    test('begins with afterBegin, ends with beforeCommit, and is there as a whole', async () => {
      const attempt = recorded({
        afterBegin: async (session) => void (await session.query("INSERT INTO notes VALUES (2, 'begin')")),
        beforeCommit: async (session) => void (await session.query("INSERT INTO notes VALUES (4, 'end')")),
      });
      await world().driver.transaction(database.target, attempt, async (connection) => {
        attempt.steps.push('body');
        await insert(connection, 3);
      });
      expect(attempt.steps).toEqual(['afterBegin', 'body', 'beforeCommit']);
      expect(await bodies()).toEqual(['first', 'begin', 'row 3', 'end']);
    });

    test.each(['afterBegin', 'body', 'beforeCommit'])(
      'leaves nothing behind when %s throws, and throws the same',
      async (step) => {
        const thrown = new Error('on purpose');
        const at = (name: string): void => {
          if (name === step) throw thrown;
        };
        const attempt = recorded({
          async afterBegin(session) {
            await session.query("INSERT INTO notes VALUES (2, 'begin')");
            at('afterBegin');
          },
          async beforeCommit(session) {
            await session.query("INSERT INTO notes VALUES (4, 'end')");
            at('beforeCommit');
          },
        });
        const error = await failure(
          world().driver.transaction(database.target, attempt, async (connection) => {
            await insert(connection, 3);
            await connection.query('CREATE TABLE more (id INTEGER PRIMARY KEY)');
            at('body');
          }),
        );
        expect(error).toBe(thrown);
        expect(await bodies()).toEqual(['first']);
        await database.run('CREATE TABLE more (id INTEGER PRIMARY KEY)');
      },
    );

    test.each<[string, readonly string[]]>([
      ['commits', ['COMMIT']],
      ['commits and begins another', ['COMMIT', 'BEGIN']],
      ['rolls back and begins another', ['ROLLBACK', 'BEGIN']],
    ])('that its body %s has escaped', async (_, statements) => {
      const attempt = recorded();
      const error = await failure(
        world().driver.transaction(database.target, attempt, async (connection) => {
          await insert(connection, 2);
          for (const statement of statements) await connection.query(statement);
        }),
      );
      expect(error.code).toBe('TRANSACTION_ESCAPED');
      expect(attempt.steps).toEqual(['afterBegin']);
    });

    test('that its body commits before it fails has escaped: a part of it stays', async () => {
      const error = await failure(
        world().driver.transaction(database.target, recorded(), async (connection) => {
          await insert(connection, 2);
          await connection.query('COMMIT');
          throw new Error('too late');
        }),
      );
      expect(error.code).toBe('TRANSACTION_ESCAPED');
      expect(error.cause).toMatchObject({ message: 'too late' });
      expect(await bodies()).toEqual(['first', 'row 2']);
    });

    test('may use savepoints of its own', async () => {
      await world().driver.transaction(database.target, recorded(), async (connection) => {
        await insert(connection, 2);
        await connection.query('SAVEPOINT mine');
        await insert(connection, 3);
        await connection.query('ROLLBACK TO SAVEPOINT mine');
        await connection.query('RELEASE SAVEPOINT mine');
      });
      expect(await bodies()).toEqual(['first', 'row 2']);
    });

    test('is none where the attempt is to run alone: every statement commits by itself and no step is called', async () => {
      const attempt = recorded({ alone: true });
      const error = await failure(
        world().driver.transaction(database.target, attempt, async (connection) => {
          await insert(connection, 2);
          throw new Error('stop');
        }),
      );
      expect(error.message).toBe('stop');
      expect(attempt.steps).toEqual([]);
      expect(await bodies()).toEqual(['first', 'row 2']);
    });

    test('does not begin once the attempt is aborted', async () => {
      const attempt = recorded();
      attempt.controller.abort();
      const error = await failure(
        world().driver.transaction(database.target, attempt, (connection) => insert(connection, 2).then()),
      );
      expect(error.name).toBe('AbortError');
      expect(await bodies()).toEqual(['first']);
    });

    test('waits for a writer in another process', async () => {
      const { driver, dialect, application } = world();
      const other = await application(database.target);
      await other.run(`${dialect.beginWriting}; INSERT INTO notes VALUES (2, 'other')`);
      let written = false;
      const done = driver.transaction(database.target, recorded(), async (connection) => {
        await insert(connection, 3);
        written = true;
      });
      // The event loop lives on meanwhile: the other process is reached through it.
      await other.run("INSERT INTO notes VALUES (4, 'other too')");
      expect(written).toBe(false);
      await other.run('COMMIT');
      await done;
      await other.end();
      expect(await bodies()).toEqual(['first', 'other', 'row 3', 'other too']);
    });
  });
}
