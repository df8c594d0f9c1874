import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { LockHolder } from '../../src/seams/driver.ts';
import { failure, holder, recorded } from '../contracts/driver/world.ts';
import { startPostgres, type PostgresServer } from '../support/postgres.ts';
import { testMain, until, type TestMain } from './fixtures/postgres-main.ts';

describe.each([15, 18] as const)('on PostgreSQL %i, the run lock', (version) => {
  let server: PostgresServer;
  let main: TestMain;
  beforeAll(async () => {
    server = await startPostgres({ version });
  });
  afterAll(() => server?.stop());
  beforeEach(async () => {
    main = await testMain(server);
  });

  const lock = (of: TestMain = main, by: LockHolder = holder, waitMs = 30_000): Promise<AsyncDisposable> =>
    of.driver.lock(of.target, { holder: by, waitMs, signal: new AbortController().signal, waiting: () => {} });

  test('leaves main free to be copied and renamed', async () => {
    await using held = await lock();
    await server.query(`CREATE DATABASE "${main.name}_copy" TEMPLATE "${main.name}"`);
    await server.query(`ALTER DATABASE "${main.name}" RENAME TO "${main.name}_old"`);
    await server.query(`ALTER DATABASE "${main.name}_old" RENAME TO "${main.name}"`);
    expect((await failure(lock(main, holder, 0))).code).toBe('LOCKED');
    expect(held).toBeDefined();
  });

  test('of one main is not that of another', async () => {
    await using one = await lock();
    await using other = await lock(await testMain(server), holder, 0);
    expect([one, other]).toHaveLength(2);
  });

  test('works where main is the maintenance database itself', async () => {
    const { driver } = main;
    const target = driver.target(server.url('postgres'));
    const options = { holder, waitMs: 0, signal: new AbortController().signal, waiting: (): void => {} };
    await using held = await driver.lock(target, options);
    expect((await failure(driver.lock(target, options))).code).toBe('LOCKED');
    expect(held).toBeDefined();
  });

  test('is in another database where the role may not enter the first', async () => {
    await server.query(
      'DROP ROLE IF EXISTS narrow; CREATE ROLE narrow LOGIN; REVOKE CONNECT ON DATABASE postgres FROM PUBLIC',
    );
    try {
      const as = main.driver.target(main.target.variable.replace('postgres@', 'narrow@'));
      await using held = await lock({ ...main, target: as });
      expect((await failure(lock({ ...main, target: as }, holder, 0))).code).toBe('LOCKED');
      expect(held).toBeDefined();
    } finally {
      await server.query('GRANT CONNECT ON DATABASE postgres TO PUBLIC');
    }
  });

  test('is taken again where its session alone is cut', async () => {
    await using held = await lock();
    const sessions = (): Promise<Record<string, unknown>[]> =>
      server.query(`SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'forerun:run-1 %'`);
    const [first] = await sessions();
    await server.query(`SELECT pg_terminate_backend(${String(first?.['pid'])})`);
    await until(async () =>
      (await server.query(`SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted`)).filter(
        ({ pid }) => pid !== first?.['pid'],
      ),
    );
    expect((await failure(lock(main, { ...holder, run: 'another' }, 0))).message).toMatch(/run run-1 /);
    expect(held).toBeDefined();
  });

  test('lets three deployers with a CREATE INDEX CONCURRENTLY pending through, one after the other', async () => {
    const done: string[] = [];
    const deploy = async (run: string): Promise<void> => {
      const driver = main.driver.forRun?.(run) ?? main.driver;
      await using held = await lock({ ...main, driver }, { ...holder, run });
      expect(held).toBeDefined();
      const script = `CREATE INDEX CONCURRENTLY IF NOT EXISTS by_body ON notes (body)`;
      await driver.script(script)(main.target, recorded());
      done.push(run);
    };
    await Promise.all(['a', 'b', 'c'].map(deploy));
    expect(done.toSorted()).toEqual(['a', 'b', 'c']);
    expect(await main.run("SELECT indisvalid FROM pg_index WHERE indexrelid = 'by_body'::regclass")).toEqual([
      { indisvalid: true },
    ]);
  });

  test('names every session after its run, and those of a dead run can be ended', async () => {
    const dead = main.driver.forRun?.('dead') ?? main.driver;
    const alive = main.driver.forRun?.('dead-not') ?? main.driver;
    const script = failure(dead.script('SELECT pg_sleep(60)')(main.target, recorded()));
    await using other = await alive.open(main.target);
    await until(() => server.query(`SELECT FROM pg_stat_activity WHERE application_name = 'forerun:dead'`));
    await alive.endSessions?.(main.target, 'dead');
    expect(await server.query(`SELECT FROM pg_stat_activity WHERE application_name = 'forerun:dead'`)).toEqual([]);
    expect((await script).code).toBe('PROVIDER_FAILED');
    expect(await other.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  test('and sessions that a role may not end are named', async () => {
    await server.query('DROP ROLE IF EXISTS weak; CREATE ROLE weak LOGIN');
    const strong = await main.client('forerun:dead');
    const [row] = (await strong.query('SELECT pg_backend_pid() AS pid')).rows;
    const { driver, target } = main;
    const weak = driver.target(target.variable.replace('postgres@', 'weak@'));
    const error = await failure(driver.endSessions?.(weak, 'dead') ?? Promise.resolve());
    await strong.end();
    expect(error.code).toBe('LOCKED');
    expect(error.message).toContain(`pid ${row.pid}`);
  });
});
