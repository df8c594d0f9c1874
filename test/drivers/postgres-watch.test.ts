import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Watch } from '../../src/seams/driver.ts';
import { startPostgres, type PostgresServer } from '../support/postgres.ts';
import { testMain, type TestMain } from './fixtures/postgres-main.ts';

describe.each([15, 18] as const)('on PostgreSQL %i, watching main', (version) => {
  let server: PostgresServer;
  let main: TestMain;
  beforeAll(async () => {
    server = await startPostgres({ version });
  });
  afterAll(() => server?.stop());
  beforeEach(async () => {
    main = await testMain(server);
  });
  const watch = async (): Promise<Watch> => {
    const watching = await main.driver.watch?.(main.target);
    if (watching === undefined) throw new Error('there is no watch');
    return watching;
  };

  test.each([
    ['a row', 'INSERT INTO notes VALUES (2)'],
    ['a value', "UPDATE notes SET body = 'x'"],
    ['a column', 'ALTER TABLE notes ADD COLUMN mail TEXT'],
    ['an empty table', 'TRUNCATE notes'],
    ['a comment', "COMMENT ON TABLE notes IS 'x'"],
  ])('sees %s of a session that has left', async (_, sql) => {
    await using watching = await watch();
    await main.run(sql);
    expect(await watching.moved()).toBe(true);
    expect(await watching.moved()).toBe(false);
  });

  test('sees nothing of other databases, of ANALYZE, and of what only reads', async () => {
    const other = await testMain(server);
    await using watching = await watch();
    await other.run('INSERT INTO notes VALUES (2)');
    await main.run('SELECT * FROM notes');
    await main.run('ANALYZE');
    expect(await watching.moved()).toBe(false);
  });

  test('sees a transaction that was begun before', async () => {
    const client = await main.client();
    await client.query('BEGIN; INSERT INTO notes VALUES (2)');
    await using watching = await watch();
    expect(await watching.moved()).toBe(false);
    await client.query('COMMIT');
    expect(await watching.moved()).toBe(true);
    await client.end();
  });

  test('does not suspect a session that was idle all the while', async () => {
    const other = await testMain(server);
    const client = await main.client();
    await client.query('INSERT INTO notes VALUES (2)');
    await using watching = await watch();
    await other.run('INSERT INTO notes VALUES (2)');
    expect(await watching.moved()).toBe(false);
    expect(await watching.shared()).toBe(true);
    await client.end();
  });

  test('cannot tell what a session did that was at work, and says that somebody was there when it has left', async () => {
    const other = await testMain(server);
    const client = await main.client();
    await using watching = await watch();
    await client.query('SELECT * FROM notes');
    await other.run('INSERT INTO notes VALUES (2)');
    expect(await watching.moved()).toBe(true);
    await client.end();
    expect(await watching.shared()).toBe(true);
  });

  test('leaves main free to be copied a moment after it has looked', async () => {
    await using watching = await watch();
    await vi.waitFor(() => server.query(`CREATE DATABASE ${main.name}_copy TEMPLATE ${main.name}`), 30_000);
    expect(await watching.shared()).toBe(false);
  });
});

test('a database is the same by every address and after a restart, and a clone of its cluster is another', async () => {
  await using server = await startPostgres({ version: 15 });
  const { driver, target, name } = await testMain(server);
  const identity = await driver.identity(target);
  expect(await driver.identity(driver.target(server.socketUrl(name)))).toBe(identity);
  await server.restart();
  expect(await driver.identity(target)).toBe(identity);
  await server.query("ALTER SYSTEM SET cluster_name = 'forerun:b1'");
  await server.restart();
  expect(await driver.identity(target)).not.toBe(identity);
});
