import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LockEvidence } from '../../src/seams/evidence.ts';
import { observePostgres } from '../../src/drivers/postgres/observe.ts';
import { startPostgres, type PostgresServer } from '../support/postgres.ts';
import { sessionOn } from './fixtures/postgres-session.ts';
import { observed, open, targetOf } from './fixtures/postgres-observed.ts';

describe.each([15, 18] as const)('on PostgreSQL %i, beside a migration', (version) => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres({ version });
  }, 60_000);
  afterAll(() => server.stop());

  const world = async (sql = ''): Promise<string> => {
    const url = await server.createDatabase();
    await using session = await sessionOn(url);
    await session.run(`
      CREATE TABLE a (id integer PRIMARY KEY, v text); CREATE TABLE b (id integer PRIMARY KEY);
      CREATE TABLE child (a_id integer REFERENCES a); INSERT INTO a SELECT i, 'x' FROM generate_series(1, 100) AS i; ${sql}`);
    return url;
  };

  test('each lock is seen with its mode, its statement and the time that it was held', async () => {
    const url = await world();
    const { evidence, times } = await observed(url, [
      'LOCK TABLE a IN ACCESS EXCLUSIVE MODE',
      'SELECT pg_sleep(0.12)',
      'LOCK TABLE b IN SHARE MODE',
      'SELECT pg_sleep(0.08)',
    ]);
    const ended = times[3]?.to ?? 0;
    const heldOf = (table: string): LockEvidence | undefined =>
      evidence.locks?.find(({ relation }) => relation === table);
    expect(evidence.locks).toHaveLength(2);
    expect(heldOf('public.a')).toMatchObject({ mode: 'ACCESS EXCLUSIVE', statement: 1 });
    expect(heldOf('public.b')).toMatchObject({ mode: 'SHARE', statement: 3 });
    // The lock is there from some moment of its statement on, and until a moment after the last one.
    expect(heldOf('public.a')?.heldMs).toBeGreaterThan(ended - (times[0]?.to ?? 0) - 5);
    expect(heldOf('public.b')?.heldMs).toBeGreaterThan(ended - (times[2]?.to ?? 0) - 5);
    const waits = Object.fromEntries((evidence.waits ?? []).map(({ table, ...wait }) => [table, wait]));
    expect(waits['public.a']?.readMs).toBeGreaterThan(195);
    expect(waits['public.b']?.readMs).toBe(0);
    expect(waits['public.b']?.writeMs).toBeGreaterThan(75);
  });

  test('no lock that is held for a twentieth of a second is missed without a word', async () => {
    const tables = Array.from({ length: 10 }, (_, at) => `t${at}`);
    const url = await world(tables.map((table) => `CREATE TABLE ${table} (id integer);`).join(' '));
    const { evidence } = await observed(
      url,
      tables.map((table) => `BEGIN; LOCK TABLE ${table} IN SHARE MODE; SELECT pg_sleep(0.05); ROLLBACK`),
      { alone: true, told: false },
    );
    const seen = evidence.locks?.map(({ relation }) => relation);
    const missed = tables.filter((table) => seen?.includes(`public.${table}`) !== true);
    if (missed.length > 0) expect(evidence.notes?.join()).toContain('nobody looked at the locks');
    expect(evidence.locks?.every(({ mode }) => mode === 'SHARE')).toBe(true);
    expect(missed.length).toBeLessThan(tables.length);
  });

  test('what functions and other programs lock is seen as well', async () => {
    const url = await world(`
      CREATE FUNCTION slow() RETURNS void LANGUAGE plpgsql AS
        $$ BEGIN ALTER TABLE a ADD COLUMN n integer; PERFORM pg_sleep(0.05); END $$`);
    const { evidence } = await observed(url, [`SELECT slow(), 'secret'`], { told: false });
    const query = 'SELECT slow(), $1';
    expect(evidence.locks).toEqual([
      { relation: 'public.a', mode: 'ACCESS EXCLUSIVE', heldMs: expect.any(Number) as number, statement: 0, query },
    ]);
    expect(evidence.waits).toHaveLength(1);
    expect(evidence.queries?.[0]).toMatchObject({ sql: query, times: 1 });
    expect(evidence.queries?.[0]?.longestMs).toBeGreaterThan(49);
    expect(JSON.stringify(evidence)).not.toContain('secret');
    expect((await observed(url, ['SELECT pg_sleep(0.03)'])).evidence).not.toHaveProperty('queries');
  });

  test('CREATE INDEX CONCURRENTLY does not wait for who looks on, and keeps nobody waiting', async () => {
    const url = await world('INSERT INTO a SELECT i FROM generate_series(1000, 60000) AS i');
    const { evidence } = await observed(url, ['CREATE INDEX CONCURRENTLY by_v ON a (v)'], { alone: true });
    expect(evidence.locks).toMatchObject([{ relation: 'public.a', mode: 'SHARE UPDATE EXCLUSIVE', statement: 1 }]);
    expect(evidence.waits).toEqual([]);
    expect(evidence.indexes).toMatchObject([{ index: 'public.by_v' }]);
    const plain = await observed(url, ['CREATE INDEX by_v_again ON a (v)', 'SELECT pg_sleep(0.03)']);
    expect(plain.evidence.locks).toMatchObject([{ relation: 'public.a', mode: 'SHARE', statement: 1 }]);
    expect(plain.evidence.waits).toMatchObject([{ table: 'public.a', readMs: 0 }]);
    expect(plain.evidence.waits?.[0]?.writeMs).toBeGreaterThan(28);
  });

  test('an index that is locked keeps queries of its table waiting', async () => {
    const url = await world();
    const { evidence } = await observed(url, ['REINDEX INDEX a_pkey', 'SELECT pg_sleep(0.03)']);
    expect(evidence.locks).toMatchObject([
      { relation: 'public.a', mode: 'SHARE' },
      { relation: 'public.a_pkey', mode: 'ACCESS EXCLUSIVE' },
    ]);
    expect(evidence.waits?.[0]?.readMs).toBeGreaterThan(28);
    expect(evidence.rewrites).toEqual(['public.a_pkey']);
  });

  test('locks of tables that the migration makes, of catalogs and of our own reading are left out', async () => {
    const url = await world('CREATE VIEW seen AS SELECT * FROM a');
    const { evidence } = await observed(url, [
      'CREATE TABLE fresh (id integer PRIMARY KEY)',
      'LOCK TABLE fresh IN ACCESS EXCLUSIVE MODE',
      `SELECT pg_catalog.pg_get_viewdef('seen'::regclass), pg_sleep(0.03)`,
    ]);
    expect(evidence.locks).toEqual([]);
    expect(evidence.waits).toEqual([]);
  });

  test('a session that was ended between two migrations is opened anew', async () => {
    const url = await world();
    await using observer = await observePostgres(targetOf(url), open);
    await observer.begin();
    await observer.finish([]);
    await server.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'forerun:test'`,
    );
    await observer.begin();
    await expect(observer.finish([])).resolves.toMatchObject({ locks: [], waits: [] });
  });

  test('a reader of our own confirms the wait, and keeps CREATE INDEX CONCURRENTLY from nothing', async () => {
    const url = await world();
    await using observer = await observePostgres(targetOf(url), open);
    await observer.begin();
    const [holder, other] = [await sessionOn(url), await sessionOn(url)];
    await holder.run('BEGIN; LOCK TABLE a IN ACCESS EXCLUSIVE MODE');
    const waiting = async (): Promise<number> => {
      const rows = await server.query(
        `SELECT 1 FROM pg_stat_activity WHERE application_name = 'forerun:test' AND wait_event_type = 'Lock'`,
      );
      return rows.length;
    };
    await expect.poll(waiting).toBe(1);
    await other.run('CREATE INDEX CONCURRENTLY ON b (id)');
    expect(await waiting()).toBe(1);
    await holder.run('COMMIT');
    await expect.poll(waiting).toBe(0);
    await Promise.all([holder.client.end(), other.client.end()]);
    const { waits } = await observer.finish(undefined);
    expect(waits).toMatchObject([{ table: 'public.a' }]);
    expect(waits?.[0]?.readMs).toBe(waits?.[0]?.writeMs);
    const left = await server.query(`SELECT 1 FROM pg_stat_activity WHERE application_name = 'forerun:test'`);
    expect(left).toHaveLength(1);
  });

  test('where our session is ended in the middle, the rest is told all the same', async () => {
    const url = await world();
    await using observer = await observePostgres(targetOf(url), open);
    await observer.begin();
    await server.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'forerun:test'`,
    );
    await using session = await sessionOn(url);
    await session.run('INSERT INTO b VALUES (1)');
    await session.client.end();
    const evidence = await observer.finish(undefined);
    expect(evidence).not.toHaveProperty('locks');
    expect(evidence.notes?.join()).toContain('was ended');
    expect(evidence.tables).toMatchObject([{ table: 'public.b', rowsAdded: 1 }]);
  });
});
