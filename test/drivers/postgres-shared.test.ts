import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Attempt } from '../../src/seams/source.ts';
import { failure, recorded } from '../contracts/driver/world.ts';
import { startPostgres, type PostgresServer } from '../support/postgres.ts';
import { testMain, type TestMain } from './fixtures/postgres-main.ts';

describe('a script that is rehearsed', () => {
  let server: PostgresServer;
  let main: TestMain;
  let branch: TestMain;
  beforeAll(async () => {
    server = await startPostgres({ version: 15 });
  });
  afterAll(() => server?.stop());
  beforeEach(async () => {
    [main, branch] = [await testMain(server), await testMain(server)];
  });
  const rehearse = async (sql: string, of = main): Promise<string[]> => {
    const attempt = recorded();
    const rehearsal: Attempt = { ...attempt, main: of.target };
    await branch.driver.script(sql, 'm.sql')(branch.target, rehearsal);
    return attempt.notes;
  };

  test.each([
    ['CREATE ROLE analyst', /roles belong to the whole cluster/],
    ['DO $$ BEGIN CREATE ROLE analyst; END $$', /from within a function or a block: roles/],
    ["ALTER SYSTEM SET work_mem = '1MB'", /settings of the server/],
    ['SELECT make_role()', /from within a function or a block: roles/],
  ])("on main's own server is refused where it reaches beyond its database: %s", async (sql, reason) => {
    await branch.run('CREATE FUNCTION make_role() RETURNS void LANGUAGE sql AS $$ CREATE ROLE analyst $$');
    const error = await failure(rehearse(`SELECT 1;\n${sql}`));
    expect(error).toMatchObject({
      code: 'BAD_MIGRATION',
      details: { where: { file: 'm.sql', line: 2, statement: 2 } },
    });
    expect(error.message).toMatch(reason);
    expect(error.message).toMatch(/cluster-wide/);
    expect(await server.query("SELECT FROM pg_roles WHERE rolname = 'analyst'")).toEqual([]);
  });

  test('on another server may do so', async () => {
    await using other = await startPostgres({ version: 15 });
    await rehearse('CREATE ROLE analyst', await testMain(other));
    await server.query('DROP ROLE analyst');
  });

  test('says what of it cannot be seen', async () => {
    const notes = await rehearse("DO $$ BEGIN EXECUTE format('SEL' || 'ECT %s', 1); END $$");
    expect(notes.join()).toMatch(/Whether line 1 reaches beyond its database cannot be seen: what its EXECUTE runs/);
  });

  test.each([
    'DROP TABLE _schema_history',
    "INSERT INTO public._schema_history VALUES ('1', 'one', '', '')",
    'ALTER TABLE _forerun_journal RENAME TO other',
    'TRUNCATE notes, _forerun_texts',
  ])("does not touch Forerun's own tables: %s", async (sql) => {
    expect((await failure(rehearse(sql))).message).toMatch(/where Forerun keeps what was applied/);
  });
});
