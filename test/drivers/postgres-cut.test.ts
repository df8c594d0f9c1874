import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ForerunError } from '../../src/error.ts';
import { failure, recorded, type Recorded } from '../contracts/driver/world.ts';
import type { Target } from '../../src/seams/target.ts';
import { startPostgres, type PostgresServer } from '../support/postgres.ts';
import { testMain, until, type TestMain } from './fixtures/postgres-main.ts';
import { cuttingProxy, poolingProxy } from './fixtures/postgres-proxy.ts';

describe.each([15, 18] as const)('on PostgreSQL %i, where a connection is cut', (version) => {
  let server: PostgresServer;
  let main: TestMain;
  beforeAll(async () => {
    server = await startPostgres({ version });
  });
  afterAll(() => server?.stop());
  beforeEach(async () => {
    main = await testMain(server);
  });

  const through = (port: number): Target => main.driver.target(main.target.variable.replace(/:\d+\//, `:${port}/`));
  const recording = (): Recorded => {
    const row = { version: '1', name: 'one', appliedOn: '2026-11-20T10:00:00.000Z', checksum: 'sha256:00' };
    return recorded({ beforeCommit: (session) => main.driver.history(session).record(row, 'text') });
  };
  const rows = async (): Promise<unknown[]> => {
    const [history] = await main.run("SELECT to_regclass('_schema_history') IS NOT NULL AS there");
    return [(await main.run('SELECT count(*)::int AS n FROM notes'))[0]?.['n'], history?.['there']];
  };

  test('in the middle of a statement, nothing is left, and it is said', async () => {
    const script = failure(
      main.driver.script('INSERT INTO notes VALUES (2);\nSELECT pg_sleep(60)')(main.target, recording()),
    );
    await until(() => server.query(`SELECT FROM pg_stat_activity WHERE query ~ '^SELECT pg_sleep'`));
    await server.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query ~ '^SELECT pg_sleep'`);
    const error = await script;
    expect(error.code).toBe('PROVIDER_FAILED');
    expect(error.message).toMatch(
      /was lost in the middle of a transaction: terminating connection due to administrator command \(57P01\)\. Nothing of that transaction is there/,
    );
    expect(await rows()).toEqual([1, false]);
  });

  test('between two statements of code, nothing is left', async () => {
    const error = await failure(
      main.driver.transaction(main.target, recording(), async (connection) => {
        await connection.query('INSERT INTO notes VALUES (2)');
        await server.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${main.name}'`);
        await connection.query('INSERT INTO notes VALUES (3)');
      }),
    );
    expect(error.code).toBe('PROVIDER_FAILED');
    expect(await rows()).toEqual([1, false]);
  });

  test('before COMMIT reaches the server, it is found that nothing was committed', async () => {
    await using proxy = await cuttingProxy(server.port, 'before');
    const script = main.driver.script('INSERT INTO notes VALUES (2)');
    expect((await failure(script(through(proxy.port), recording()))).code).toBe('PROVIDER_FAILED');
    expect(await rows()).toEqual([1, false]);
  });

  test('after the server has committed, it is found that all is there, and nothing failed', async () => {
    await using proxy = await cuttingProxy(server.port, 'after');
    await main.driver.script('INSERT INTO notes VALUES (2)')(through(proxy.port), recording());
    expect(await rows()).toEqual([2, true]);
  });

  test('while COMMIT is at work, the old session is ended before anything is decided', async () => {
    // A constraint that is looked at in the COMMIT takes its time.
    await main.run(`CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF pg_trigger_depth() = 1 AND current_query() = 'COMMIT' THEN PERFORM pg_sleep(60); END IF; RETURN NULL; END $$;
      CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON notes DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slow()`);
    const attempt = recorded({
      // Behind the point where deferred constraints were looked at.
      beforeCommit: async (session) => {
        await session.query('SET CONSTRAINTS ALL DEFERRED; INSERT INTO notes VALUES (3)');
      },
    });
    const script = failure(main.driver.script('INSERT INTO notes VALUES (2)')(main.target, attempt));
    await until(() => server.query(`SELECT FROM pg_stat_activity WHERE query = 'COMMIT' AND state = 'active'`));
    await server.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = 'COMMIT'`);
    expect((await script).code).toBe('PROVIDER_FAILED');
    expect(await rows()).toEqual([1, false]);
  });

  test('by a server that restarts, the next connection waits until it is there', async () => {
    const script = failure(main.driver.script('SELECT pg_sleep(60)')(main.target, recording()));
    await until(() => server.query(`SELECT FROM pg_stat_activity WHERE query ~ '^SELECT pg_sleep'`));
    await server.restart();
    expect((await script).code).toBe('PROVIDER_FAILED');
    await main.driver.script('INSERT INTO notes VALUES (2)')(main.target, recording());
    expect(await rows()).toEqual([2, true]);
  });

  test('and of a client that is killed, the statement ends as well', async () => {
    const connection = await main.driver.open(main.target);
    const { client } = connection as unknown as { client: { connection: { stream: { destroy(): void } } } };
    const query = failure(connection.query('SELECT pg_sleep(60)'));
    const atWork = (): Promise<Record<string, unknown>[]> =>
      server.query(`SELECT FROM pg_stat_activity WHERE query ~ '^SELECT pg_sleep' AND state = 'active'`);
    await until(atWork);
    client.connection.stream.destroy();
    await query;
    await until(async () => ((await atWork()).length === 0 ? ['gone'] : []));
  });

  test('at whatever moment of the first look at main, the server is what has failed', async () => {
    await using application = await main.driver.open(main.target);
    const done = new AbortController();
    const cutting = (async () => {
      while (!done.signal.aborted)
        await application.query(
          'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()',
          [main.name],
        );
    })();
    const codes: (string | undefined)[] = [];
    for (let look = 0; look < 50; look += 1)
      codes.push(
        await main.driver.examine(main.target).then(
          () => undefined,
          (error: unknown) => (error instanceof ForerunError ? error.code : String(error)),
        ),
      );
    done.abort();
    await cutting;
    expect(new Set(codes.filter((code) => code !== undefined))).toEqual(new Set(['UNREACHABLE']));
  });

  test('a pooler in transaction mode is refused, with the reason', async () => {
    await using proxy = await poolingProxy(server.port);
    const error = await failure(main.driver.examine(through(proxy.port)));
    expect(error.code).toBe('BAD_TARGET');
    expect(error.message).toMatch(/a connection pooler in transaction mode/);
    expect(error.next).toMatch(/the server itself/);
  });
});
