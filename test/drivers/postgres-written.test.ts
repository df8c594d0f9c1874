import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { flushCounters, tablesWritten, writeCounters } from '../../src/drivers/postgres/written.ts';
import { startPostgres, type PostgresServer } from '../support/postgres.ts';
import { sessionOn, type TestSession } from './fixtures/postgres-session.ts';

describe.each([15, 18] as const)('the write counters of PostgreSQL %i', (version) => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres({ version, settings: { autovacuum: 'off' } });
  });
  afterAll(() => server.stop());

  const world = async (): Promise<{ url: string; session: TestSession }> => {
    const url = await server.createDatabase();
    const session = await sessionOn(url);
    await session.run(`
      CREATE TABLE a (id integer PRIMARY KEY, v text); CREATE TABLE b (id integer REFERENCES a ON DELETE CASCADE); CREATE TABLE c (id integer);
      CREATE TABLE whole (id integer) PARTITION BY LIST (id); CREATE TABLE leaf PARTITION OF whole DEFAULT;
      INSERT INTO a VALUES (1, 'x'), (2, 'y'); INSERT INTO b VALUES (1); INSERT INTO c VALUES (1)`);
    return { url, session };
  };

  test.each([
    ['SELECT * FROM a', []],
    ['INSERT INTO c VALUES (5)', ['public.c']],
    [`UPDATE a SET v = 'z'`, ['public.a']],
    ['DELETE FROM a WHERE id = 1', ['public.a', 'public.b']],
    ['TRUNCATE c', ['public.c']],
    ['INSERT INTO whole VALUES (1)', ['public.leaf']],
    ['ALTER TABLE c ALTER id TYPE bigint', ['public.c']],
    ['ALTER TABLE c ADD COLUMN n integer DEFAULT 1', []],
    ['CREATE TABLE d (id integer)', ['public.d']],
    ['DROP TABLE c; CREATE TABLE c (id integer); INSERT INTO c VALUES (1)', ['public.c']],
    ['BEGIN; INSERT INTO c VALUES (5); ROLLBACK', ['public.c']],
  ])('after %s', async (sql, expected) => {
    const { url, session } = await world();
    await using mine = session;
    const before = await writeCounters(mine);
    expect(before.unknown).toBeUndefined();
    await mine.run(sql);
    expect([...(tablesWritten(before, await writeCounters(mine)) ?? ['any'])].sort()).toEqual(expected);
    // The same by another session that disconnects.
    const then = await writeCounters(mine);
    const other = await sessionOn(url);
    await other.run('INSERT INTO b SELECT max(id) FROM a');
    expect(tablesWritten(then, await writeCounters(mine))).toBeUndefined();
    await other[Symbol.asyncDispose]();
    await expect.poll(async () => (await writeCounters(mine)).unknown).toBeUndefined();
    expect([...(tablesWritten(then, await writeCounters(mine)) ?? [])]).toEqual(['public.b']);
  });

  test('prove nothing while another session may have written, unless it has told', async () => {
    const { url, session } = await world();
    await using mine = session;
    await using other = await sessionOn(url);
    const [row] = await other.query('SELECT pg_backend_pid() AS pid');
    const pid = Number(row?.['pid']);
    expect((await writeCounters(mine)).unknown).toMatch(/1 other session may/);
    const before = await writeCounters(mine, [pid]);
    await other.run('INSERT INTO c VALUES (5)');
    await flushCounters(other);
    expect([...(tablesWritten(before, await writeCounters(mine, [pid])) ?? [])]).toEqual(['public.c']);
  });

  test('prove nothing inside a transaction, without counting, or after they were set back', async () => {
    const { session } = await world();
    await using mine = session;
    const before = await writeCounters(mine);
    await mine.run('BEGIN');
    expect((await writeCounters(mine)).unknown).toMatch(/transaction/);
    await mine.run('COMMIT; SET track_counts = off');
    expect((await writeCounters(mine)).unknown).toMatch(/track_counts/);
    await mine.run('RESET track_counts');
    await mine.run('SELECT pg_stat_reset()');
    expect(tablesWritten(before, await writeCounters(mine))).toBeUndefined();
    const then = await writeCounters(mine);
    await mine.run(`SELECT pg_stat_reset_single_table_counters('c'::regclass)`);
    expect(tablesWritten(then, await writeCounters(mine))).toBeUndefined();
  });
});
