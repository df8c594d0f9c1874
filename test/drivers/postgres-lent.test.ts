import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { postgres, type PostgresClient } from '../../src/drivers/postgres.ts';
import type { Connection } from '../../src/seams/driver.ts';
import { failure, recorded } from '../contracts/driver/world.ts';
import { startPostgres, type PostgresServer } from '../support/postgres.ts';
import { testMain, type TestMain } from './fixtures/postgres-main.ts';

describe.each([15, 18] as const)('code of one run on PostgreSQL %i', (version) => {
  let server: PostgresServer;
  let main: TestMain;
  beforeAll(async () => {
    server = await startPostgres({ version });
  });
  afterAll(() => server?.stop());
  beforeEach(async () => {
    main = await testMain(server);
    return () => main.driver.forRun?.('run-1').rest?.();
  });

  const inTransaction = async (body: (connection: Connection) => Promise<void>, alone = false): Promise<number> => {
    let pid = 0;
    await main.driver.transaction(main.target, { ...recorded(), alone, run: 'run-1' }, async (connection) => {
      pid = Number((await connection.query('SELECT pg_backend_pid() AS pid'))[0]?.['pid']);
      await body(connection);
    });
    return pid;
  };
  const clientOf = ({ client }: Connection): PostgresClient => client as PostgresClient;
  const nothing = async (): Promise<void> => {};

  test('goes on with the session of the code before it, which is as new', async () => {
    const first = await inTransaction(async (connection) => {
      await clientOf(connection).query({
        text: `SET timezone = 'Asia/Tokyo'; CREATE TEMP TABLE mine (n int); SELECT pg_advisory_lock(7)`,
      });
    });
    const second = await inTransaction(async ({ query }) => {
      expect(
        await query(`SELECT current_setting('timezone') <> 'Asia/Tokyo' AS zone, to_regclass('mine') AS mine,
                            (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()) AS locks`),
      ).toEqual([{ zone: true, mine: null, locks: 0 }]);
    });
    expect(second).toBe(first);
  });

  test('ends when its run says so to its own driver, though a source was given another one', async () => {
    await postgres().script('CREATE TABLE lent (n int)', 'm.sql')(main.target, { ...recorded(), run: 'run-1' });
    const sessions = `SELECT count(*)::int AS n FROM pg_stat_activity WHERE application_name = 'forerun:run-1'`;
    expect(await server.query(sessions)).toEqual([{ n: 1 }]);
    await main.driver.forRun?.('run-1').rest?.();
    await expect.poll(() => server.query(sessions)).toEqual([{ n: 0 }]);
  });

  test.each<[string, (connection: Connection) => Promise<void>]>([
    ['listened to its client', async (connection) => void clientOf(connection).on('error', () => {})],
    ['changed its client', async (connection) => void Object.assign(clientOf(connection), { mine: true })],
    [
      'named a statement',
      async (connection) => void (await clientOf(connection).query({ name: 'mine', text: 'SELECT 1' })),
    ],
  ])('has a session of its own where the code before it %s', async (_, body) => {
    const first = await inTransaction(body);
    expect(await inTransaction(nothing)).not.toBe(first);
  });

  test('has a session of its own after code that failed, and after code in no transaction', async () => {
    let failed = 0;
    await failure(
      inTransaction(async ({ query }) => {
        failed = Number((await query('SELECT pg_backend_pid() AS pid'))[0]?.['pid']);
        await query('SELECT 1 / 0');
      }),
    );
    const alone = await inTransaction(nothing, true);
    expect(new Set([failed, alone, await inTransaction(nothing)]).size).toBe(3);
  });

  test('cannot be reached any more by code that has ended', async () => {
    const late: Connection[] = [];
    const kept: PostgresClient['query'][] = [];
    await inTransaction(async (connection) => {
      late.push(connection);
      kept.push(clientOf(connection).query);
    });
    const [[connection], [query]] = [late, kept];
    if (connection === undefined || query === undefined) throw new TypeError('no connection');
    const over = 'has ended. Await every promise';
    expect((await failure(connection.query('SELECT 1'))).message).toContain(over);
    expect(() => clientOf(connection).query({ text: 'SELECT 1' })).toThrow(over);
    expect(() => query({ text: 'SELECT 1' })).toThrow(over);
  });
});
