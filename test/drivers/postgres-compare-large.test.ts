import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CompareLimits } from '../../src/drivers/postgres/compare-limits.ts';
import { comparePostgres } from '../../src/drivers/postgres/compare.ts';
import { postgres } from '../../src/drivers/postgres.ts';
import { gate } from '../../src/index.ts';
import { fewest } from '../../src/rows-seen.ts';
import type { Evidence, TableEvidence } from '../../src/seams/evidence.ts';
import { startPostgres, type PostgresServer } from '../support/postgres.ts';
import { open, targetOf } from './fixtures/postgres-observed.ts';
import { postgresProject } from './fixtures/postgres-project.ts';
import { sessionOn } from './fixtures/postgres-session.ts';

const people = `
  CREATE TABLE people (id integer PRIMARY KEY, name text, age integer);
  INSERT INTO people SELECT n, 'p' || n, n % 90 FROM generate_series(1, 5000) AS n;
  CREATE TABLE log (line text, level integer); INSERT INTO log SELECT 'l' || n, 1 FROM generate_series(1, 5000) AS n;
  CREATE TABLE small (id integer PRIMARY KEY); INSERT INTO small VALUES (1)`;

describe.each([15, 18] as const)('on PostgreSQL %i', (version) => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres({ version });
  });
  afterAll(() => server.stop());

  const pair = async (seed: string): Promise<readonly [before: string, after: string]> => {
    const urls = [await server.createDatabase(), await server.createDatabase()] as const;
    for (const url of urls) await runOn(url, seed);
    return urls;
  };

  describe('a table that is too large to be compared in full', () => {
    /** About 30,000 bytes of 250,000. */
    const limits: CompareLimits = { compareBytes: 30_000, connections: 2 };
    const compared = async (change: string): Promise<Evidence> => {
      const [before, after] = await pair(people);
      await runOn(after, change);
      const first = await comparePostgres(targetOf(before), targetOf(after), open, { limits });
      // Chance would choose other rows.
      expect(await comparePostgres(targetOf(before), targetOf(after), open, { limits })).toEqual(first);
      return first;
    };
    const tableIn = ({ tables }: Evidence, name: string): TableEvidence | undefined =>
      tables?.find(({ table }) => table === `public.${name}`);

    test('is counted in full, and compared in a part that is named', async () => {
      const evidence = await compared('UPDATE people SET age = age + 1; DELETE FROM log WHERE level = 2');
      const { comparedOneIn = 1, valuesChanged } = tableIn(evidence, 'people') ?? {};
      expect(comparedOneIn).toBeGreaterThan(5);
      expect(tableIn(evidence, 'people')).toMatchObject({
        rowsBefore: 5000,
        rowsAfter: 5000,
        rowsGone: 0,
        changed: true,
      });
      const seen = valuesChanged?.['age'] ?? 0;
      expect(seen).toBeGreaterThan(0);
      expect(seen).toBeLessThan(5000);
      // What is said to be the least that can have changed is less than what has, and more than what was seen.
      expect(fewest({ comparedOneIn }, seen)).toBeGreaterThan(seen);
      expect(fewest({ comparedOneIn }, seen)).toBeLessThanOrEqual(5000);
      expect(tableIn(evidence, 'log')).toMatchObject({ changed: false, rowsGone: 0 });
      expect(tableIn(evidence, 'log')?.comparedOneIn).toBeGreaterThan(5);
      expect(tableIn(evidence, 'small')).not.toHaveProperty('comparedOneIn');
      expect(evidence.notes).toEqual([
        expect.stringMatching(/^Of public\.log \([\d.]+ kB\) one row in \d+ was compared, .* would go unseen\./),
        expect.stringMatching(/^Of public\.people \([\d.]+ kB\) one row in \d+ was compared, .* would go unseen\./),
      ]);
    });

    test('has lost at least as many rows as it has fewer, and as are seen to be gone', async () => {
      const evidence = await compared(
        `DELETE FROM people WHERE id = 17; DELETE FROM log WHERE substr(line, 2)::integer % 2 = 0; INSERT INTO log SELECT 'm' || n, 1 FROM generate_series(1, 2500) AS n`,
      );
      expect(tableIn(evidence, 'people')).toMatchObject({ rowsGone: 1, rowsAdded: 0, changed: true });
      const log = tableIn(evidence, 'log');
      expect(log).toMatchObject({ rowsBefore: 5000, rowsAfter: 5000, rowsToldBy: 'value', changed: true });
      expect(log?.rowsGone).toBeGreaterThan(50);
      expect(log?.rowsGone).toBeLessThan(2500);
    });

    test('is told apart from one that was made anew with another type and without its key', async () => {
      const evidence = await compared(
        'CREATE TABLE other AS SELECT id::bigint, name, age::numeric FROM people; DROP TABLE people; ALTER TABLE other RENAME TO people',
      );
      expect(tableIn(evidence, 'people')).toMatchObject({ rowsGone: 0, rowsAdded: 0, valuesChanged: {} });
      expect(tableIn(evidence, 'people')?.comparedOneIn).toBeGreaterThan(5);
    });
  });

  test('a few rows of very many that differ are found exactly, by key and by value', async () => {
    const [before, after] = await pair(`
      CREATE TABLE people (id integer PRIMARY KEY, name text); INSERT INTO people SELECT n, 'p' || n FROM generate_series(1, 40000) AS n;
      CREATE TABLE log (line text); INSERT INTO log SELECT 'l' || n / 2 FROM generate_series(1, 40000) AS n`);
    await runOn(
      after,
      `DELETE FROM people WHERE id IN (1, 20000, 40000); INSERT INTO people VALUES (40001, 'new'); UPDATE people SET name = NULL WHERE id = 7;
       DELETE FROM log WHERE ctid = (SELECT min(ctid) FROM log WHERE line = 'l77'); INSERT INTO log VALUES ('l78'), ('m')`,
    );
    const { tables } = await comparePostgres(targetOf(before), targetOf(after), open);
    expect(tables).toMatchObject([
      { table: 'public.log', rowsBefore: 40_000, rowsAfter: 40_001, rowsGone: 1, rowsAdded: 2, rowsToldBy: 'value' },
      { table: 'public.people', rowsAfter: 39_998, rowsGone: 3, rowsAdded: 1, valuesChanged: { name: 1 } },
    ]);
  });

  describe('several large tables', () => {
    const large = ['one', 'two', 'three']
      .map(
        (name) =>
          `CREATE TABLE ${name} (id integer PRIMARY KEY, body text); INSERT INTO ${name} SELECT n, repeat('x', 1000) FROM generate_series(1, 6000) AS n;`,
      )
      .join(' ');
    const same = { rowsBefore: 6000, rowsAfter: 6000, changed: false };

    test('are compared over two connections to each database, as they were at one moment', async () => {
      const [before, after] = await pair(large);
      await runOn(after, `UPDATE one SET body = 'y' WHERE id <= 5`);
      let opened = 0;
      const evidence = await comparePostgres(targetOf(before), targetOf(after), async (target) => {
        opened += 1;
        // What an application writes in between is of a later moment.
        if (opened === 3) await runOn(after, 'DELETE FROM two; UPDATE three SET body = NULL');
        return open(target);
      });
      expect(opened).toBe(4);
      expect(evidence.tables).toMatchObject([
        { table: 'public.one', rowsBefore: 6000, rowsAfter: 6000, changed: true, valuesChanged: { body: 5 } },
        { table: 'public.three', ...same },
        { table: 'public.two', ...same },
      ]);
      expect(evidence).not.toHaveProperty('notes');
    });

    test('are compared over one where the server has no room for another, which is said', async () => {
      const [before, after] = await pair(large);
      await server.query('CREATE ROLE limited LOGIN SUPERUSER CONNECTION LIMIT 2');
      await server.query('ALTER ROLE limited NOSUPERUSER; GRANT pg_read_all_data TO limited');
      const as = (url: string): string => url.replace('postgres@', 'limited@');
      const evidence = await comparePostgres(targetOf(as(before)), targetOf(as(after)), open);
      expect(evidence.tables).toMatchObject([same, same, same]);
      expect(evidence.notes).toEqual([
        expect.stringMatching(/^Tables were read over 1 of 2 connections, which takes longer: .*limited/),
      ]);
    });
  });
});

test('a rehearsal says of a large table that only a part was compared, and blocks by what was seen', async () => {
  await using server = await startPostgres({ version: 18 });
  await using project = await postgresProject(server, people);
  const driver = postgres({ compareBytes: 30_000 });
  await project.migration('001_delete.up.sql', 'DELETE FROM log WHERE false; DELETE FROM people WHERE id > 4990');
  await project.migration(
    '001_delete.down.sql',
    `INSERT INTO people SELECT n, 'p' || n, n % 90 FROM generate_series(4991, 5000) AS n`,
  );
  const { outcome, findings, error } = await gate(project.config({ driver }));
  expect(error).toBeUndefined();
  expect(outcome).toBe('blocked');
  const told = findings.filter(({ message }) => !message.includes('nobody looked'));
  expect(told.map(({ gate: by, severity, message }) => `${severity} ${by}: ${message}`)).toEqual([
    expect.stringMatching(
      /^block data-preserved: at least 10 rows of public\.people are gone \(it had 5000 and has 4990; one row in \d+ was compared\)\./,
    ),
    expect.stringMatching(/^note rehearsal: Of public\.people .* one row in \d+ was compared/),
    expect.stringMatching(/^note reversible: Of public\.people .* one row in \d+ was compared/),
  ]);
});

test('how many rows differ at the least is certain, and never less than were seen', () => {
  expect(fewest({}, 7)).toBe(7);
  expect(fewest({ comparedOneIn: 10 }, 0)).toBe(0);
  expect(fewest({ comparedOneIn: 10 }, 9)).toBe(9);
  expect(fewest({ comparedOneIn: 10 }, 400)).toBe(3200);
});

async function runOn(url: string, sql: string): Promise<void> {
  await using session = await sessionOn(url);
  await session.run(sql);
}
