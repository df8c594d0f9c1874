import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { failure, recorded } from '../contracts/driver/world.ts';
import { startPostgres, type PostgresServer } from '../support/postgres.ts';
import { testMain, type TestMain } from './fixtures/postgres-main.ts';

describe('what is shown of an error of PostgreSQL', () => {
  let server: PostgresServer;
  let main: TestMain;
  beforeAll(async () => {
    server = await startPostgres({ version: 18 });
    main = await testMain(server);
    await main.run(`
      CREATE TABLE users (id INTEGER PRIMARY KEY, mail TEXT UNIQUE, age TEXT);
      INSERT INTO users VALUES (1, 'ann@example.org', 'secret age');
      CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no: %', OLD.mail; END $$;
      CREATE TRIGGER refuse BEFORE DELETE ON users FOR EACH ROW EXECUTE FUNCTION refuse();
      CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'nobody''s age changes'; END $$;
      CREATE TRIGGER hold BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION hold();
      CREATE FUNCTION run(text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE $1; END $$`);
  });
  afterAll(() => server?.stop());

  test.each([
    [
      "INSERT INTO users VALUES (2, 'ann@example.org')",
      'duplicate key value violates unique constraint "users_mail_key"',
    ],
    ['ALTER TABLE users ALTER age TYPE INTEGER USING age::integer', 'invalid input syntax for type integer: "…"'],
    ["SELECT 'my own'::integer", 'invalid input syntax for type integer: "my own"'],
    ['SELECT mail::uuid FROM users', 'invalid input syntax for type uuid: "…"'],
    ['SELECT (id * 99999999999)::integer FROM users', 'integer out of range'],
    ["SELECT (mail || '9')::numeric FROM users", 'invalid input syntax for type numeric: "…"'],
    ['SELECT mail::date FROM users', 'invalid input syntax for type date: "…"'],
    ['SELECT mail::json FROM users', 'invalid input syntax for type json'],
    ["SELECT regexp_match('a', '(' || mail) FROM users", /^invalid regular expression/],
    ['SELECT nope FROM users', 'column "nope" does not exist'],
    ['UPDATE users SET age = 1', "nobody's age changes"],
    ['DELETE FROM users', /^A function or a trigger refused it \(RAISE\)/],
    ["DO $$ BEGIN RAISE EXCEPTION 'it''s % of %', (SELECT mail FROM users), 1; END $$", "it's % of %"],
    ['DO $$ BEGIN RAISE unique_violation USING MESSAGE = (SELECT mail FROM users); END $$', /^A function or a trigger/],
    ["SELECT run('SELECT \"' || mail || '\"') FROM users", 'column "…" does not exist'],
    ['SELECT 1 / (id - 1) FROM users', 'division by zero'],
  ])('of %s holds no value', async (sql, expected) => {
    const error = await failure(main.driver.script(sql, 'm.sql')(main.target, recorded()));
    if (typeof expected === 'string') expect(error.message).toBe(expected);
    else expect(error.message).toMatch(expected);
    const shown = JSON.stringify([String(error), error, { ...error }, String(error.cause), error.cause, error.stack]);
    expect(shown.replaceAll(JSON.stringify(sql).slice(1, -1), '')).not.toMatch(/ann@example|secret/);
  });

  test('is the same without a statement, and the words of code that is no database stay', async () => {
    await using connection = await main.driver.open(main.target);
    const error = await failure(connection.query('SELECT mail::integer FROM users'));
    expect(main.driver.wordsOf(error)).toBe('invalid input syntax for type integer: "…"');
    expect(main.driver.codeOf(error)).toBe('22P02');
    expect(main.driver.wordsOf(new Error('my words'))).toBe('my words');
    expect(main.driver.codeOf(Object.assign(new Error('x'), { code: 'EPIPE' }))).toBeUndefined();
    const duplicate = await failure(connection.query("INSERT INTO users VALUES (2, 'ann@example.org')"));
    expect(JSON.stringify({ ...duplicate })).not.toContain('ann@');
  });
});
