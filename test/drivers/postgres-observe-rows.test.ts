import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { observePostgres } from '../../src/drivers/postgres/observe.ts';
import type { Evidence, TableEvidence } from '../../src/seams/evidence.ts';
import { startPostgres, type PostgresServer } from '../support/postgres.ts';
import { observed, open, targetOf, type Told } from './fixtures/postgres-observed.ts';
import { sessionOn } from './fixtures/postgres-session.ts';

const setup = `
  CREATE TABLE people (id serial PRIMARY KEY, name text, age integer);
  INSERT INTO people (name, age) SELECT 'p' || i, i FROM generate_series(1, 1000) AS i;
  CREATE TABLE orders (id integer PRIMARY KEY, person integer REFERENCES people ON DELETE CASCADE);
  INSERT INTO orders SELECT i, i FROM generate_series(1, 100) AS i;
  CREATE TABLE parts (id integer, at integer) PARTITION BY LIST (at);
  CREATE TABLE part_one PARTITION OF parts FOR VALUES IN (1);
  CREATE TABLE empty (id integer)`;

describe.each([15, 18] as const)('on PostgreSQL %i, what became of rows', (version) => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres({ version, settings: { autovacuum: 'off' } });
  }, 60_000);
  afterAll(() => server.stop());

  const world = async (sql = ''): Promise<string> => {
    const url = await server.createDatabase();
    await using session = await sessionOn(url);
    await session.run(`${setup}; ${sql}`);
    return url;
  };
  const evidenceOf = async (statements: readonly Told[], more = '', told = true): Promise<Evidence> =>
    (await observed(await world(more), statements, { told })).evidence;
  const tableIn = ({ tables }: Evidence, name: string): TableEvidence | undefined =>
    tables?.find(({ table }) => table === `public.${name}`);

  test('is nothing where nothing was written', async () => {
    const evidence = await evidenceOf([
      'ALTER TABLE people ADD COLUMN n integer DEFAULT 1',
      'SELECT count(*) FROM people',
    ]);
    expect(evidence).toMatchObject({ tables: [], rewrites: [], integrity: [] });
    expect(evidence).not.toHaveProperty('needsComparison');
  });

  test('is exact where rows were only added', async () => {
    const evidence = await evidenceOf([
      `INSERT INTO people (name) SELECT 'new' FROM generate_series(1, 7)`,
      'INSERT INTO parts VALUES (1, 1)',
      'CREATE TABLE fresh AS SELECT 1 AS one',
    ]);
    expect(tableIn(evidence, 'people')).toMatchObject({ rowsBefore: 1000, rowsAfter: 1007, rowsGone: 0, rowsAdded: 7 });
    expect(tableIn(evidence, 'part_one')).toMatchObject({ rowsBefore: 0, rowsAfter: 1, rowsGone: 0, rowsAdded: 1 });
    expect(tableIn(evidence, 'fresh')).toMatchObject({ rowsAfter: 1 });
    expect(tableIn(evidence, 'fresh')).not.toHaveProperty('rowsBefore');
    expect(evidence).not.toHaveProperty('needsComparison');
  });

  test('is exact where some of what was added was rolled back', async () => {
    const evidence = await evidenceOf([
      'SAVEPOINT one',
      `INSERT INTO people (name) SELECT 'gone' FROM generate_series(1, 5)`,
      'ROLLBACK TO one',
      `INSERT INTO people (name) SELECT 'new' FROM generate_series(1, 7)`,
    ]);
    expect(tableIn(evidence, 'people')).toMatchObject({ rowsBefore: 1000, rowsAfter: 1007, rowsAdded: 7 });
  });

  test('is told by statements that account for every updated row', async () => {
    const evidence = await evidenceOf([
      { sql: 'UPDATE people SET age = age + 1 WHERE id <= 10', assigns: ['public.people.age'] },
      {
        sql: `UPDATE people SET name = 'x', age = 0 WHERE id = 1`,
        assigns: ['public.people.name', 'public.people.age'],
      },
    ]);
    expect(tableIn(evidence, 'people')).toMatchObject({
      rowsBefore: 1000,
      rowsAfter: 1000,
      rowsGone: 0,
      changed: true,
      valuesChanged: { age: 11, name: 1 },
    });
    expect(evidence).not.toHaveProperty('needsComparison');
  });

  const trigger = `
    CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.age = 0; RETURN NEW; END $$;
    CREATE TRIGGER stamp BEFORE UPDATE ON people FOR EACH ROW EXECUTE FUNCTION stamp();`;

  test.each([
    ['rows were deleted', ['DELETE FROM people WHERE id = 1000'], ['people']],
    ['rows were deleted along', ['DELETE FROM people WHERE id = 1'], ['people', 'orders']],
    ['rows were truncated', ['TRUNCATE people CASCADE'], ['people', 'orders']],
    [
      'rows were replaced',
      ['TRUNCATE orders', 'INSERT INTO orders SELECT i, i FROM generate_series(1, 100) AS i'],
      ['orders'],
    ],
    ['nobody tells what was updated', [`DO $$ BEGIN UPDATE people SET age = 1; END $$`], ['people']],
    ['the key was updated', [{ sql: 'UPDATE orders SET id = -id', assigns: ['public.orders.id'] }], ['orders']],
    ['a column was dropped', ['ALTER TABLE people DROP COLUMN age'], ['people']],
    ['a type was changed', ['ALTER TABLE people ALTER age TYPE numeric USING age / 2.0'], ['people']],
    ['a table was dropped', ['DROP TABLE orders'], ['orders']],
    [
      'a table was swapped',
      ['CREATE TABLE o2 (LIKE orders)', 'DROP TABLE orders', 'ALTER TABLE o2 RENAME TO orders'],
      ['orders'],
    ],
    [
      'a table took another one’s name',
      ['ALTER TABLE orders RENAME TO o1', 'ALTER TABLE empty RENAME TO orders'],
      ['orders'],
    ],
  ] as [string, Told[], string[]][])('needs a comparison where %s', async (_, statements, tables) => {
    const evidence = await evidenceOf(statements);
    expect(evidence.needsComparison?.map(({ table }) => table).sort()).toEqual(
      tables.map((table) => `public.${table}`).sort(),
    );
    expect(evidence.needsComparison?.every(({ why }) => why.length > 10)).toBe(true);
  });

  test('needs a comparison where a trigger may have set other columns', async () => {
    const update = { sql: `UPDATE people SET name = 'x' WHERE id = 1`, assigns: ['public.people.name'] };
    const { needsComparison } = await evidenceOf([update], trigger);
    expect(needsComparison).toMatchObject([{ table: 'public.people' }]);
  });

  test('needs none where an empty table was dropped, truncated or rewritten, or a table only renamed', async () => {
    const evidence = await evidenceOf([
      'TRUNCATE part_one',
      'ALTER TABLE empty ALTER id TYPE text',
      'DROP TABLE parts',
      'ALTER TABLE people RENAME TO persons',
    ]);
    expect(evidence).not.toHaveProperty('needsComparison');
    expect(tableIn(evidence, 'persons')).toMatchObject({ renamedFrom: 'public.people', rowsBefore: 1000, rowsGone: 0 });
  });

  test('is certain after a rewrite, whose tables and bytes are told', async () => {
    const evidence = await evidenceOf(['ALTER TABLE people ADD COLUMN r double precision DEFAULT random()']);
    expect(evidence.rewrites?.toSorted()).toEqual(['public.people', 'public.people_pkey']);
    expect(tableIn(evidence, 'people')).toMatchObject({
      rowsBefore: 1000,
      rowsAfter: 1000,
      rowsGone: 0,
      changed: false,
    });
    expect(tableIn(evidence, 'people')?.bytesAfter).toBeGreaterThan(0);
    expect(evidence.walBytes).toBeGreaterThan(1000);
    const others = await evidenceOf(['TRUNCATE orders', 'ALTER SEQUENCE people_id_seq RESTART WITH 5000']);
    expect(others.rewrites).toEqual([]);
  });

  test('is unknown while a session of the migration is still there', async () => {
    const url = await world();
    await using observer = await observePostgres(targetOf(url), open);
    const client = new Client({ connectionString: url });
    await client.connect();
    await observer.begin();
    await client.query('DELETE FROM orders');
    expect((await observer.finish(undefined)).needsComparison).toEqual([
      { why: expect.stringContaining('still connected') as string },
    ]);
    // One that was idle all the time has written nothing.
    await observer.begin();
    await observed(url, ['INSERT INTO empty VALUES (1)']);
    const after = await observer.finish(undefined);
    await client.end();
    expect(after.tables).toMatchObject([{ table: 'public.empty', rowsAdded: 1 }]);
  });

  test.each([
    ['writes are not counted', 'SET track_counts = off', /does not count writes/],
    ['the counters were set back meanwhile', 'SELECT pg_stat_reset()', /set back/],
  ])('is unknown where %s', async (_, sql, why) => {
    const url = await world();
    // Whether writes are counted, each session is told when it begins.
    if (sql.startsWith('SET')) await server.query(`ALTER ROLE postgres ${sql}`);
    try {
      await using observer = await observePostgres(targetOf(url), open);
      await observer.begin();
      await observed(url, ['DELETE FROM orders', ...(sql.startsWith('SELECT') ? [sql] : [])]);
      expect((await observer.finish(undefined)).needsComparison).toEqual([
        { why: expect.stringMatching(why) as string },
      ]);
    } finally {
      await server.query('ALTER ROLE postgres RESET track_counts');
    }
  });

  test('dead rows and the bloat of indexes are told where they are known', async () => {
    const extension = version === 15 ? 'CREATE EXTENSION pgstattuple;' : '';
    const update = { sql: 'UPDATE people SET age = age + 1', assigns: ['public.people.age'] };
    const evidence = await evidenceOf([update], `${extension} CREATE INDEX by_age ON people (age)`);
    expect(tableIn(evidence, 'people')).toMatchObject({ deadRowsBefore: 0, deadRowsAfter: 1000 });
    const index = evidence.indexes?.find((one) => one.index === 'public.by_age');
    expect(index?.bytesAfter).toBeGreaterThan(index?.bytesBefore ?? Infinity);
    if (version === 15) expect(index?.bloat).toBeGreaterThan(0);
    else expect(index).not.toHaveProperty('bloat');
  });
});
