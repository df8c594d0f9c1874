import { describe, expect, test } from 'vitest';
import { postgres } from '../../src/drivers/postgres.ts';
import { everything } from '../drivers/fixtures/postgres-everything.ts';
import { startPostgres } from '../support/postgres.ts';
import { leftBehind, newPostgresProject } from '../support/postgres/project.ts';

/** The versions on which nothing else runs: 15 and 18 have all contracts. */
describe.each([14, 16, 17] as const)('on PostgreSQL %i', { timeout: 120_000 }, (version) => {
  test('migrations of every kind are rehearsed, promoted and taken back, and one that loses rows is blocked', async () => {
    await using server = await startPostgres({ version });
    await server.query('CREATE ROLE reader; CREATE ROLE writer');
    const database = await server.createDatabase('shop');
    await server.query(everything, 'shop');
    await server.query("INSERT INTO parent SELECT n, 'b' || n FROM generate_series(1, 50) AS n", 'shop');
    const project = await newPostgresProject();
    await project.migration(
      '001_columns.sql',
      `ALTER TABLE users ADD COLUMN level integer NOT NULL DEFAULT 0;
       UPDATE parent SET b = upper(b);
       CREATE TABLE notes (id serial PRIMARY KEY, body text);
       INSERT INTO notes (body) VALUES ('first');`,
    );
    await project.migration('002_index.sql', 'CREATE INDEX CONCURRENTLY parent_by_b ON parent (b);');
    await project.migration(
      '003_mood.sql',
      "ALTER TYPE app.mood ADD VALUE 'calm'; ALTER TABLE users ALTER COLUMN mood SET DEFAULT 'calm';",
    );
    const result = await project.json(database, ['up', '--safe']);
    expect(result.error).toBeUndefined();
    expect(result.migrations.map(({ outcome, promotion }) => [outcome, promotion])).toEqual([
      ['promoted', 'replay'],
      ['promoted', 'journalled'],
      ['promoted', 'journalled'],
    ]);
    expect(result.findings.filter(({ severity }) => severity === 'block')).toEqual([]);
    expect(await server.query('SELECT DISTINCT b ~ $$^B$$ AS upper FROM parent', 'shop')).toEqual([{ upper: true }]);

    await project.migration(
      '004_lossy.sql',
      "DELETE FROM parent WHERE a <= 7; INSERT INTO notes (id, body) VALUES (500, 'second');",
    );
    const lossy = await project.json(database, ['gate']);
    expect(lossy).toMatchObject({ outcome: 'blocked', exitCode: 3 });
    const words = lossy.findings.map(({ message }) => message).join('\n');
    expect(words).toMatch(/7 rows of public\.parent are gone/);
    expect(words).toMatch(/notes_id_seq is behind public\.notes\.id/);

    const checkpoint = result.migrations[0]?.checkpoint ?? '';
    const back = await project.forerun(database, ['rollback', checkpoint, '--yes']);
    expect(back.exitCode, back.stderr).toBe(0);
    const state = "SELECT to_regclass('notes') AS notes, count(*)::int AS users FROM parent WHERE b ~ '^b'";
    expect(await server.query(state, 'shop')).toEqual([{ notes: null, users: 50 }]);
    expect(
      (await leftBehind(server, project)).filter((what) => !String(what).startsWith('database forerun_cp_')),
    ).toEqual([]);
  });
});

test('on PostgreSQL 14, whose counters come late, a write to main is seen all the same, and nothing else is', async () => {
  await using server = await startPostgres({ version: 14 });
  const { target } = postgres();
  const main = target(await server.createDatabase('main'));
  await server.query('CREATE TABLE notes AS SELECT 1 AS id', 'main');
  await using watching = await postgres().watch?.(main);
  await server.query('CREATE TABLE other (id integer)');
  await server.query('ANALYZE', 'main');
  expect(await watching?.moved()).toBe(false);
  await server.query('INSERT INTO notes VALUES (2)', 'main');
  expect(await watching?.moved()).toBe(true);
  expect(await watching?.moved()).toBe(false);
});
