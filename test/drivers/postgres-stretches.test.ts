import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Stretch } from '../../src/seams/source.ts';
import { failure, recorded, type Recorded } from '../contracts/driver/world.ts';
import { startPostgres, type PostgresServer } from '../support/postgres.ts';
import { testMain, until, type TestMain } from './fixtures/postgres-main.ts';

const alone = (sql: string): Stretch => ({ index: 1, of: 1, alone: true, sql, line: 1 });

describe.each([15, 18] as const)('on PostgreSQL %i, a script that cannot be one transaction', (version) => {
  let server: PostgresServer;
  let main: TestMain;
  beforeAll(async () => {
    server = await startPostgres({ version });
  });
  afterAll(() => server?.stop());
  beforeEach(async () => {
    main = await testMain(server);
  });

  const journalled = (from = 1): { attempt: Recorded; told: string[]; stretches: Stretch[] } => {
    const told: string[] = [];
    const stretches: Stretch[] = [];
    const attempt = recorded({
      stretches: {
        from,
        beginning: async (stretch) => {
          stretches.push(stretch);
          told.push(`begin ${stretch.index}`);
        },
        done: async (stretch, session) => {
          const [row] = await session.query('SELECT now() <> statement_timestamp() AS inside');
          told.push(`${row?.['inside'] === true ? 'inside' : 'behind'} ${stretch.index}`);
        },
      },
    });
    return { attempt, told, stretches };
  };
  const mixed =
    'CREATE TABLE more (id INTEGER);\nINSERT INTO more VALUES (1);\nCREATE INDEX CONCURRENTLY by_id ON more (id);\nVACUUM more;\nINSERT INTO more VALUES (2)';
  const indexes = async (): Promise<unknown[]> =>
    (await main.run("SELECT relname FROM pg_class WHERE relname LIKE 'by_%' ORDER BY 1")).map(({ relname }) => relname);

  test('runs in stretches that are told one by one, each committed before the next begins', async () => {
    const { attempt, told, stretches } = journalled();
    await main.driver.script(mixed)(main.target, attempt);
    expect(told).toEqual(['begin 1', 'inside 1', 'begin 2', 'behind 2', 'begin 3', 'behind 3', 'begin 4', 'inside 4']);
    expect(stretches[0]).toEqual({
      index: 1,
      of: 4,
      alone: false,
      sql: 'CREATE TABLE more (id INTEGER);\nINSERT INTO more VALUES (1)',
      line: 1,
    });
    expect(stretches[1]).toMatchObject({ alone: true, sql: 'CREATE INDEX CONCURRENTLY by_id ON more (id)', line: 3 });
    expect(attempt.steps.filter((step) => step !== 'statement')).toEqual([]);
    expect(attempt.notes.join()).toMatch(
      /outside a transaction \(line 3: .*; line 4: .*\); the rest ran in 2 transactions/,
    );
  });

  test('stops at the stretch that fails, with those before it on main', async () => {
    const { attempt, told } = journalled();
    const sql = mixed.replace('INSERT INTO more VALUES (2)', 'INSERT INTO more VALUES (3); SELECT 1 / 0');
    expect((await failure(main.driver.script(sql)(main.target, attempt))).code).toBe('STATEMENT_FAILED');
    expect(told.slice(-1)).toEqual(['begin 4']);
    expect(await main.run('SELECT id FROM more')).toEqual([{ id: 1 }]);
  });

  test('goes on where it is told to, under the settings that the stretches before had made', async () => {
    await main.run('CREATE SCHEMA app; CREATE TABLE app.more (id INTEGER)');
    const sql =
      'SET search_path = app; INSERT INTO more VALUES (1); VACUUM more; CREATE INDEX CONCURRENTLY by_id ON more (id)';
    const { attempt, told } = journalled(3);
    await main.driver.script(sql)(main.target, attempt);
    expect(told).toEqual(['begin 3', 'behind 3']);
    expect(await main.run('SELECT count(*)::int AS n FROM app.more')).toEqual([{ n: 0 }]);
    expect(await indexes()).toEqual(['by_id']);
  });

  test('leaves no INVALID index behind where it could not be built', async () => {
    await main.run("INSERT INTO notes VALUES (2, 'first')");
    const { attempt } = journalled();
    const error = await failure(
      main.driver.script('CREATE UNIQUE INDEX CONCURRENTLY by_body ON notes (body)')(main.target, attempt),
    );
    expect(error).toMatchObject({ code: 'STATEMENT_FAILED', details: { code: '23505' } });
    expect(error.message).not.toContain('first');
    expect(attempt.notes.join()).toContain('Dropped public.by_body, which was left INVALID.');
    expect(await indexes()).toEqual([]);
  });

  test('waits for others beside it and not for us', async () => {
    const other = await main.client('the shop');
    await other.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM notes');
    const waits: string[] = [];
    let tell = (): void => {};
    const first = new Promise<void>((resolve) => (tell = resolve));
    const attempt = recorded({ waiting: (message) => (waits.push(message), tell()) });
    const done = main.driver.script('CREATE INDEX CONCURRENTLY by_body ON notes (body)')(main.target, attempt);
    await first;
    await other.query('COMMIT');
    await done;
    await other.end();
    expect(waits[0]).toMatch(/held by pid \d+ "the shop"/);
  });

  test('has an index settled that was begun: valid, INVALID, or not there', async () => {
    const { driver, target, run } = main;
    const sql = 'CREATE INDEX CONCURRENTLY by_body ON notes (body)';
    expect(await driver.settle?.(target, alone(sql))).toBe('not-done');
    await run(sql);
    expect(await driver.settle?.(target, alone(sql))).toBe('done');
    await run("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'by_body'::regclass");
    expect(await driver.settle?.(target, alone(sql))).toBe('not-done');
    expect(await indexes()).toEqual([]);
  });

  test('has the leftovers of a REINDEX CONCURRENTLY taken away', async () => {
    const { driver, target, run } = main;
    await run('CREATE INDEX by_body ON notes (body); CREATE INDEX by_body_ccnew ON notes (body)');
    await run("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'by_body_ccnew'::regclass");
    expect(await driver.settle?.(target, alone('REINDEX INDEX CONCURRENTLY by_body'))).toBe('not-done');
    expect(await indexes()).toEqual(['by_body']);
  });

  test.each([
    ['DROP INDEX CONCURRENTLY nowhere', 'done'],
    ['DROP INDEX CONCURRENTLY notes_pkey', 'not-done'],
    ["ALTER TYPE mood ADD VALUE 'sad'", 'not-done'],
    ["ALTER TYPE mood ADD VALUE 'ok'", 'done'],
    ['VACUUM notes', 'not-done'],
    ['CREATE INDEX CONCURRENTLY ON notes (body)', 'unknown'],
    ['DO $$ BEGIN COMMIT; END $$', 'unknown'],
    ['ALTER TABLE parts DETACH PARTITION part CONCURRENTLY', 'not-done'],
    ['ALTER TABLE parts DETACH PARTITION notes CONCURRENTLY', 'done'],
  ])('has %s settled as %s', async (sql, expected) => {
    await main.run(`CREATE TYPE mood AS ENUM ('ok'); CREATE TABLE parts (id INTEGER) PARTITION BY LIST (id);
      CREATE TABLE part PARTITION OF parts FOR VALUES IN (1)`);
    expect(await main.driver.settle?.(main.target, alone(sql))).toBe(expected);
  });

  test('is undone by the exact inverse alone', async () => {
    const { driver, target, run } = main;
    await run('CREATE SCHEMA "odd one"; CREATE TABLE "odd one".t (a INTEGER); CREATE INDEX by_a ON "odd one".t (a)');
    expect(await driver.undo?.(target, alone('CREATE INDEX CONCURRENTLY by_a ON t (a)'))).toBe(true);
    expect(await indexes()).toEqual([]);
    expect(await driver.undo?.(target, alone('VACUUM notes'))).toBe(true);
    expect(await driver.undo?.(target, { ...alone("SET lock_timeout = '5s'"), alone: false })).toBe(true);
    expect(await driver.undo?.(target, alone('CREATE INDEX CONCURRENTLY IF NOT EXISTS by_a ON t (a)'))).toBe(false);
    expect(await driver.undo?.(target, { ...alone('DROP TABLE notes'), alone: false })).toBe(false);
  });

  test('may be a block that commits by itself, and a procedure that the database knows', async () => {
    await main.run('CREATE PROCEDURE fill() LANGUAGE plpgsql AS $$ BEGIN INSERT INTO notes VALUES (2); COMMIT; END $$');
    const { attempt, told } = journalled();
    const sql = 'INSERT INTO notes VALUES (5); CALL fill(); DO $$ BEGIN INSERT INTO notes VALUES (3); COMMIT; END $$';
    await main.driver.script(sql)(main.target, attempt);
    expect(told).toHaveLength(6);
    expect(await main.run('SELECT id FROM notes ORDER BY id')).toEqual([1, 2, 3, 5].map((id) => ({ id })));
  });

  test('runs without any transaction of ours where the attempt is to run alone', async () => {
    const { attempt, told } = journalled();
    const alone: Recorded = { ...attempt, alone: true };
    await main.driver.script('BEGIN; INSERT INTO notes VALUES (2); COMMIT; INSERT INTO notes VALUES (3)')(
      main.target,
      alone,
    );
    expect(told).toEqual(['begin 1', 'behind 1']);
    const error = await failure(main.driver.script('BEGIN; INSERT INTO notes VALUES (4)')(main.target, alone));
    expect(error.message).toMatch(/begins a transaction that it does not commit/);
    expect(await main.run('SELECT id FROM notes ORDER BY id')).toEqual([1, 2, 3].map((id) => ({ id })));
  });

  test('is interrupted in its statement alone, without waiting for whoever keeps the INVALID index from being dropped', async () => {
    const other = await main.client();
    await other.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM notes');
    const { attempt } = journalled();
    const sql = 'CREATE INDEX CONCURRENTLY by_body ON notes (body)';
    const done = failure(main.driver.script(sql)(main.target, attempt));
    await until(() => main.run("SELECT FROM pg_class WHERE relname = 'by_body'"));
    attempt.controller.abort();
    expect((await done).name).toBe('AbortError');
    expect(attempt.notes.join()).toMatch(/An INVALID index may be left, and could not be dropped now: .*lock timeout/);
    await other.query('COMMIT');
    await other.end();
    expect(await main.driver.settle?.(main.target, alone(sql))).toBe('not-done');
    expect(await indexes()).toEqual([]);
  });

  test.each([
    ['CREATE INDEX CONCURRENTLY by_body ON notes (body)', 'by_body'],
    ['ALTER TABLE notes ADD COLUMN mail TEXT; SELECT pg_sleep(60)', 'notes'],
  ])('of a process that is killed is ended on the server, and leaves nothing: %s', async (sql, relation) => {
    const other = await main.client();
    if (relation === 'by_body') await other.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM notes');
    const program = join(import.meta.dirname, 'fixtures/postgres-migrator.mjs');
    const child = spawn(process.execPath, [program, main.target.variable, 'killed', sql], { stdio: 'inherit' });
    await until(() =>
      server.query(
        `SELECT FROM pg_stat_activity AS a JOIN pg_locks AS l USING (pid) WHERE a.application_name = 'forerun:killed'
            AND l.mode = '${relation === 'by_body' ? 'ExclusiveLock' : 'AccessExclusiveLock'}' AND a.query ~ '(CONCURRENTLY|pg_sleep)'`,
      ),
    );
    child.kill('SIGKILL');
    await once(child, 'exit');
    const { driver, target } = main;
    await driver.endSessions?.(target, 'killed');
    expect(await server.query(`SELECT FROM pg_stat_activity WHERE application_name = 'forerun:killed'`)).toEqual([]);
    await other.end();
    if (relation === 'by_body') expect(await driver.settle?.(target, alone(sql))).toBe('not-done');
    expect(await indexes()).toEqual([]);
    expect(await main.run('SELECT * FROM notes')).toEqual([{ id: 1, body: 'first' }]);
  });
});
