import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Evidence, LostObject } from '../../src/seams/evidence.ts';
import { startPostgres, type PostgresServer } from '../support/postgres.ts';
import { observed } from './fixtures/postgres-observed.ts';
import { sessionOn } from './fixtures/postgres-session.ts';

const setup = `
  CREATE ROLE reader;
  CREATE TABLE groups (id integer PRIMARY KEY);
  CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$`;

const tables = `
  CREATE TABLE people (id serial PRIMARY KEY, email text NOT NULL UNIQUE, age integer DEFAULT 0 CHECK (age >= 0),
                       group_id integer REFERENCES groups, CONSTRAINT named CHECK (length(email) > 1));
  INSERT INTO people (email) SELECT 'p' || i FROM generate_series(1, 100) AS i;
  CREATE INDEX by_age ON people (age); CREATE INDEX by_group ON people (group_id);
  CREATE TRIGGER watched BEFORE INSERT ON people FOR EACH ROW EXECUTE FUNCTION nothing();
  ALTER TABLE people ENABLE ROW LEVEL SECURITY; CREATE POLICY all_of_it ON people USING (true);
  GRANT SELECT ON people TO reader; COMMENT ON TABLE people IS 'x'; COMMENT ON COLUMN people.age IS 'y';
  CREATE TABLE orders (id integer PRIMARY KEY, person_id integer REFERENCES people)`;

const copy = 'CREATE TABLE people_new AS SELECT * FROM people';
const swap = ['ALTER TABLE people RENAME TO people_old', 'ALTER TABLE people_new RENAME TO people'];

describe.each([15, 18] as const)('on PostgreSQL %i, the catalogs tell', (version) => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres({ version });
  }, 60_000);
  afterAll(() => server.stop());

  const evidenceOf = async (statements: readonly string[], alone = false): Promise<Evidence> => {
    const url = await server.createDatabase();
    await using session = await sessionOn(url);
    await session.run(setup.replace('CREATE ROLE reader;', ''));
    await session.run(tables);
    return (await observed(url, statements, { alone })).evidence;
  };
  beforeAll(async () => {
    await server.query('CREATE ROLE reader');
  });
  const inWords = (lost: readonly LostObject[] = []): string[] =>
    lost.map(({ table, what, object }) => `${table} ${what}: ${object}`).sort();

  test('all that a table lost to which another gave its place', async () => {
    const evidence = await evidenceOf([copy, ...swap]);
    expect(inWords(evidence.lost)).toEqual(
      [
        'check: named',
        'check: people_age_check',
        'foreign key: group_id',
        'index: by_age',
        'index: by_group',
        'option: NOT NULL of email',
        'option: NOT NULL of id',
        'option: grants to reader',
        'option: policy all_of_it',
        'option: row security',
        'option: the comment',
        'option: the comment on age',
        'option: the default of age',
        'option: the default of id',
        'option: the sequence owned by id',
        'primary key: id',
        'trigger: watched',
        'unique constraint: email',
      ].map((words) => `public.people ${words}`),
    );
  });

  test('nothing is lost that was made again under another name, dropped by name, or on a column that is gone', async () => {
    const evidence = await evidenceOf([
      'DROP INDEX by_group',
      'ALTER TABLE people DROP CONSTRAINT named',
      'DROP TRIGGER watched ON people',
      'DROP POLICY all_of_it ON people',
      'CREATE TABLE people_new (LIKE people INCLUDING ALL)',
      'ALTER TABLE people_new DROP COLUMN age',
      'ALTER TABLE people_new ENABLE ROW LEVEL SECURITY',
      'ALTER TABLE people_new ADD FOREIGN KEY (group_id) REFERENCES groups',
      `COMMENT ON TABLE people_new IS 'z'`,
      'GRANT SELECT, INSERT ON people_new TO reader',
      'INSERT INTO people_new (id, email, group_id) SELECT id, email, group_id FROM people',
      'ALTER SEQUENCE people_id_seq OWNED BY people_new.id',
      ...swap,
    ]);
    expect(inWords(evidence.lost)).toEqual([]);
  });

  test('a foreign key of another table that still refers to the old one', async () => {
    const evidence = await evidenceOf([copy, ...swap]);
    expect(evidence.integrity).toMatchObject([
      { kind: 'foreign-key', table: 'public.orders', references: 'public.people_old' },
    ]);
    expect(evidence.integrity?.[0]?.message).toContain('orders_person_id_fkey');
    expect((await evidenceOf(['ALTER TABLE people RENAME TO persons'])).integrity).toEqual([]);
  });

  test('a foreign key of another table that went with the old one', async () => {
    const dropped = ['DROP TABLE people CASCADE', 'ALTER TABLE people_new RENAME TO people'];
    const lostOf = (evidence: Evidence): readonly LostObject[] =>
      (evidence.lost ?? []).filter(({ table }) => table === 'public.orders');
    expect(lostOf(await evidenceOf([copy, ...dropped]))).toEqual([
      { table: 'public.orders', what: 'foreign key', object: 'person_id' },
    ]);
    const again = [
      'ALTER TABLE people ADD PRIMARY KEY (id)',
      'ALTER TABLE orders ADD FOREIGN KEY (person_id) REFERENCES people',
    ];
    expect(lostOf(await evidenceOf([copy, ...dropped, ...again]))).toEqual([]);
    const byName = 'ALTER TABLE orders DROP CONSTRAINT orders_person_id_fkey';
    expect(lostOf(await evidenceOf([copy, byName, ...dropped]))).toEqual([]);
  });

  test('a view that goes on reading the old table, or went with it', async () => {
    const view = 'CREATE VIEW emails AS SELECT email FROM people';
    const lostOf = async (...statements: readonly string[]): Promise<string[]> => {
      const url = await server.createDatabase();
      await using session = await sessionOn(url);
      await session.run(`${setup.replace('CREATE ROLE reader;', '')}; ${tables}; ${view}`);
      const { lost } = (await observed(url, statements)).evidence;
      return inWords(lost).filter((words) => words.includes('view'));
    };
    const stays = ' option: the view public.emails, which goes on reading the old table';
    expect(await lostOf(copy, ...swap)).toEqual([`public.people${stays}`]);
    expect(await lostOf(copy, ...swap, view.replace('CREATE', 'CREATE OR REPLACE'))).toEqual([]);
    const dropped = ['DROP TABLE people CASCADE', 'ALTER TABLE people_new RENAME TO people'];
    expect(await lostOf(copy, ...dropped)).toEqual(['public.people option: the view public.emails']);
    expect(await lostOf(copy, 'DROP VIEW emails', ...dropped)).toEqual([]);
  });

  test('nothing where a table was renamed and a view has its old name', async () => {
    const renamed = ['ALTER TABLE people RENAME TO persons', 'CREATE VIEW people AS SELECT * FROM persons'];
    const evidence = await evidenceOf(renamed);
    expect(evidence.integrity).toEqual([]);
    expect(evidence).not.toHaveProperty('lost');
    expect(evidence).not.toHaveProperty('needsComparison');
  });

  test('a sequence that is behind its column', async () => {
    const behind = await evidenceOf([`INSERT INTO people (id, email) VALUES (101, 'aa'), (500, 'bb')`]);
    expect(behind.integrity).toMatchObject([{ kind: 'constraint', table: 'public.people' }]);
    expect(behind.integrity?.[0]?.message).not.toMatch(/\d/);
    const set = await evidenceOf([
      `INSERT INTO people (id, email) VALUES (500, 'bb')`,
      `SELECT setval('people_id_seq', 500)`,
    ]);
    expect(set.integrity).toEqual([]);
    const url = await server.createDatabase();
    await using session = await sessionOn(url);
    await session.run(setup.replace('CREATE ROLE reader;', ''));
    await session.run(`${tables}; INSERT INTO people (id, email) VALUES (900, 'by hand')`);
    const before = await observed(url, [`INSERT INTO people (email) VALUES ('cc')`]);
    expect(before.evidence.integrity).toEqual([]);
    const own = await evidenceOf([
      'CREATE TABLE fresh (id integer GENERATED BY DEFAULT AS IDENTITY, n integer)',
      'INSERT INTO fresh SELECT id FROM people',
    ]);
    expect(own.integrity).toMatchObject([{ kind: 'constraint', table: 'public.fresh' }]);
  });

  test('rows that a foreign key left NOT VALID does not find', async () => {
    const add = 'ALTER TABLE groups ADD CONSTRAINT to_people FOREIGN KEY (id) REFERENCES people NOT VALID';
    const fine = await evidenceOf([add]);
    expect(fine.unfinished).toEqual([{ table: 'public.groups', object: 'to_people', what: 'NOT VALID constraint' }]);
    expect(fine.integrity).toEqual([]);
    const broken = await evidenceOf(['INSERT INTO groups VALUES (5), (1000), (1001)', add]);
    expect(broken.integrity).toMatchObject([
      { kind: 'foreign-key', table: 'public.groups', references: 'public.people', rows: 2 },
    ]);
    const valid = await evidenceOf([add, 'ALTER TABLE groups VALIDATE CONSTRAINT to_people']);
    expect(valid).not.toHaveProperty('unfinished');
  });

  test('an index that was left INVALID', async () => {
    const url = await server.createDatabase();
    await using session = await sessionOn(url);
    await session.run(setup.replace('CREATE ROLE reader;', ''));
    await session.run(tables);
    const { evidence } = await observed(
      url,
      [`DO $$ BEGIN UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'by_age'::regclass; END $$`],
      { told: false },
    );
    expect(evidence.unfinished).toEqual([{ table: 'public.people', object: 'public.by_age', what: 'INVALID index' }]);
  });
});
