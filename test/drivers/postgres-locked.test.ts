import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { failure, recorded, type Recorded } from '../contracts/driver/world.ts';
import { startPostgres, type PostgresServer } from '../support/postgres.ts';
import { testMain, until, type TestMain } from './fixtures/postgres-main.ts';

describe.each([15, 18] as const)('on PostgreSQL %i, while another session holds a lock,', (version) => {
  let server: PostgresServer;
  let main: TestMain;
  beforeAll(async () => {
    server = await startPostgres({ version, settings: { deadlock_timeout: '100ms' } });
  });
  afterAll(() => server?.stop());
  beforeEach(async () => {
    main = await testMain(server, { tries: 3 });
  });

  const waitingFor = (): { attempt: Recorded; waits: string[]; first: Promise<void> } => {
    const waits: string[] = [];
    let tell = (): void => {};
    const first = new Promise<void>((resolve) => (tell = resolve));
    const attempt = recorded({
      waiting(message) {
        waits.push(message);
        tell();
      },
    });
    return { attempt, waits, first };
  };

  test('a script is rolled back and begun again until it is free, and says who held it', async () => {
    const other = await main.client('the shop');
    await other.query("BEGIN; UPDATE notes SET body = 'it is secret' WHERE id = 1");
    const { attempt, waits, first } = waitingFor();
    const done = main.driver.script('INSERT INTO notes VALUES (2); ALTER TABLE notes ADD COLUMN mail TEXT')(
      main.target,
      attempt,
    );
    await first;
    await other.query('COMMIT');
    await done;
    await other.end();
    expect(waits[0]).toMatch(
      /A lock could not be had in time: notes is held by pid \d+ "the shop" of postgres, idle after BEGIN; UPDATE notes SET body = \$1 WHERE id = \$2, since [\d.]+ s\. It was rolled back, and is begun again in [\d.]+ s \(2 of 3\)\./,
    );
    expect(waits.join()).not.toContain('secret');
    expect(await main.run('SELECT id, mail FROM notes ORDER BY id')).toEqual([
      { id: 1, mail: null },
      { id: 2, mail: null },
    ]);
    expect(attempt.notes.join()).toMatch(
      /^Begun [23] times, because others held locks that it needs\. Try 1: A lock could not be had in time: notes is held by pid \d+ "the shop"/,
    );
    expect(attempt.notes.join()).not.toContain('secret');
    expect(attempt.statements.map(({ sql }) => sql)).toHaveLength(2);
    expect(attempt.steps.filter((step) => step === 'afterBegin').length).toBeGreaterThan(1);
  });

  test('a script is given up on in the end, with the place and the holder, and nothing of it is left', async () => {
    const other = await main.client('the shop');
    await other.query('BEGIN; LOCK TABLE notes');
    const { attempt, waits } = waitingFor();
    const script = main.driver.script(
      'CREATE TABLE more (id INTEGER);\nALTER TABLE notes ADD COLUMN mail TEXT',
      'm.sql',
    );
    const error = await failure(script(main.target, attempt));
    await other.end();
    expect(error.code).toBe('LOCKED');
    expect(error.message).toMatch(/\(line 2 of m\.sql\), 3 times over: notes is held by pid \d+ "the shop"/);
    expect(error.next).toMatch(/pg_terminate_backend/);
    expect(waits).toHaveLength(2);
    expect(await main.run("SELECT to_regclass('more') AS more")).toEqual([{ more: null }]);
  });

  test('code is not begun again, because it may have done something elsewhere', async () => {
    const other = await main.client();
    await other.query('BEGIN; LOCK TABLE notes');
    let begun = 0;
    const error = await failure(
      main.driver.transaction(main.target, recorded(), async (connection) => {
        begun += 1;
        await connection.query('INSERT INTO notes VALUES (2)');
      }),
    );
    await other.end();
    expect([begun, error.code]).toEqual([1, 'LOCKED']);
  });

  test('a wait that ends in time is told once after a second', async () => {
    const patient = await testMain(server, { lockTimeoutMs: 20_000 });
    const other = await patient.client('the shop');
    await other.query('BEGIN; LOCK TABLE notes');
    const { attempt, waits, first } = waitingFor();
    const done = patient.driver.script('INSERT INTO notes VALUES (2)')(patient.target, attempt);
    await first;
    await other.query('ROLLBACK');
    await done;
    await other.end();
    expect(waits).toHaveLength(1);
    expect(waits[0]).toMatch(/^It waits for a lock; notes is held by pid \d+ "the shop"/);
    expect(attempt.notes).toEqual([]);
  });

  test('a deadlock is begun again by the one that the server chose', async () => {
    const patient = await testMain(server, { lockTimeoutMs: 20_000 });
    await patient.run('CREATE TABLE other (id INTEGER)');
    const rival = await patient.client();
    await rival.query("SET deadlock_timeout = '60s'; BEGIN; LOCK TABLE other");
    const { attempt, waits } = waitingFor();
    const done = patient.driver.script('LOCK TABLE notes; LOCK TABLE other')(patient.target, attempt);
    await until(() => server.query('SELECT FROM pg_locks WHERE NOT granted AND relation <> 0', patient.name));
    await rival.query('LOCK TABLE notes; COMMIT');
    await done;
    await rival.end();
    expect(waits.join()).toMatch(/The server broke a deadlock/);
  });

  test('an interruption ends the wait at once', async () => {
    const patient = await testMain(server, { lockTimeoutMs: 0 });
    const other = await patient.client();
    await other.query('BEGIN; LOCK TABLE notes');
    const { attempt, first } = waitingFor();
    const done = failure(patient.driver.script('INSERT INTO notes VALUES (2)')(patient.target, attempt));
    await first;
    attempt.controller.abort();
    expect((await done).name).toBe('AbortError');
    await other.end();
    expect(attempt.steps).toEqual(['afterBegin']);
  });

  test("a script's own lock_timeout holds", async () => {
    const other = await main.client();
    await other.query('BEGIN; LOCK TABLE notes');
    const alone = await testMain(server, { lockTimeoutMs: 60_000, tries: 1 });
    const rival = await alone.client();
    await rival.query('BEGIN; LOCK TABLE notes');
    const script = alone.driver.script("SET LOCAL lock_timeout = '50ms'; INSERT INTO notes VALUES (2)");
    expect((await failure(script(alone.target, recorded()))).code).toBe('LOCKED');
    await other.end();
    await rival.end();
  });
});

describe('on PostgreSQL 18, a statement that runs for long', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres({ version: 18 });
  });
  afterAll(() => server?.stop());

  test.each([
    ['a script', 'SELECT pg_sleep(60)'],
    ['a script outside a transaction', 'VACUUM notes; SELECT pg_sleep(60)'],
  ])('is cancelled on the server when the run is interrupted: of %s', async (_, sql) => {
    const { driver, target } = await testMain(server);
    const attempt = recorded();
    const done = failure(driver.script(sql)(target, attempt));
    const sleeping = (): Promise<readonly unknown[]> =>
      server.query("SELECT FROM pg_stat_activity WHERE query ~ '^SELECT pg_sleep' AND state = 'active'");
    await until(sleeping);
    attempt.controller.abort();
    expect((await done).name).toBe('AbortError');
    expect(await sleeping()).toEqual([]);
  });

  test('is cancelled in code too, and so is every one that the code runs on with', async () => {
    const { driver, target } = await testMain(server);
    const attempt = recorded();
    const done = failure(
      driver.transaction(target, attempt, async (connection) => {
        await connection.query('SELECT pg_sleep(60)').catch(() => {});
        await connection.query('ROLLBACK TO SAVEPOINT forerun');
        await connection.query('SELECT pg_sleep(60)');
      }),
    );
    await until(() =>
      server.query("SELECT FROM pg_stat_activity WHERE query ~ '^SELECT pg_sleep' AND state = 'active'"),
    );
    attempt.controller.abort();
    expect((await done).name).toBe('AbortError');
  });

  test('is ended by statement_timeout where one is set', async () => {
    const { driver, target } = await testMain(server, { statementTimeoutMs: 100 });
    const error = await failure(driver.script('SELECT pg_sleep(60)')(target, recorded()));
    expect(error).toMatchObject({ code: 'STATEMENT_FAILED', details: { code: '57014' } });
  });

  test('is not ended by a limit that the database has', async () => {
    const { driver, target, run, name } = await testMain(server);
    await run(`ALTER DATABASE ${name} SET statement_timeout = '50ms'`);
    await driver.script('SELECT pg_sleep(0.2)')(target, recorded());
  });
});
