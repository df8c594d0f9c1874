import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { gate, type Finding } from '../../src/index.ts';
import { postgresProject } from '../drivers/fixtures/postgres-project.ts';
import { startPostgres, type PostgresServer } from '../support/postgres.ts';

const seed = `
  CREATE TABLE people (id serial PRIMARY KEY, email text NOT NULL UNIQUE, age integer CHECK (age >= 0));
  INSERT INTO people (email, age) SELECT 'p' || n, n FROM generate_series(1, 5000) AS n;
  CREATE INDEX by_age ON people (age); COMMENT ON TABLE people IS 'who'; GRANT SELECT ON people TO reader;
  CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
  CREATE TRIGGER told BEFORE INSERT ON people FOR EACH ROW EXECUTE FUNCTION nothing();
  CREATE TABLE orders (id integer PRIMARY KEY, person integer REFERENCES people); INSERT INTO orders VALUES (1, 1);
  CREATE TABLE parts (id integer) PARTITION BY LIST (id); CREATE TABLE part_one PARTITION OF parts FOR VALUES IN (1);
  CREATE TABLE numbered (id serial PRIMARY KEY, n integer)`;

describe.each([15, 18] as const)('on PostgreSQL %i', { timeout: 60_000 }, (version) => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres({ version });
    await server.query('CREATE ROLE reader');
  });
  afterAll(() => server.stop());

  test.concurrent('a wait of more than a second warns, and one of more than five blocks', async () => {
    await using project = await postgresProject(
      server,
      `CREATE TABLE held (id integer); CREATE TABLE reads (id integer); CREATE TABLE writes (id integer)`,
    );
    await project.migration(
      '001_locks.sql',
      `LOCK TABLE held IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(4); LOCK TABLE reads IN ACCESS EXCLUSIVE MODE; LOCK TABLE writes IN SHARE MODE;
       SELECT pg_sleep(3)`,
    );
    const { outcome, findings } = await gate(project.config());
    expect(outcome).toBe('blocked');
    // Two that waited for about as long stand in the order of what was measured.
    expect(inShort(findings, 'blocked-time').toSorted()).toEqual([
      'block: Every read and write of public.held would have waited',
      'warn: Every read and write of public.reads would have waited',
      'warn: Every write of public.writes would have waited',
    ]);
  });

  test.concurrent('what takes long, is written anew or is left behind is judged by the limits', async () => {
    await using project = await postgresProject(server, seed);
    await project.migration(
      '001_anew.sql',
      `ALTER TABLE people ADD COLUMN random double precision DEFAULT random(); ALTER TABLE numbered ADD COLUMN m double precision DEFAULT random();
       ALTER TABLE numbered ADD CONSTRAINT later CHECK (n > 0) NOT VALID`,
    );
    await project.migration('002_index.sql', 'CREATE INDEX by_part ON ONLY parts (id)');
    const limits = { rewriteBytes: { warn: 100_000, block: 100e6 }, durationMs: { warn: 1, block: 60_000 } };
    const { outcome, findings } = await gate(project.config({ limits }));
    expect(outcome).toBe('blocked');
    expect(inShort(findings, 'rewrite')).toEqual([expect.stringMatching(/^warn: public\.people is written anew/)]);
    expect(inShort(findings, 'duration')[0]).toMatch(/^warn: It took [\d.]+ s on the branch/);
    expect(inShort(findings, 'left-behind')).toEqual([
      expect.stringMatching(/^warn: The constraint later of public\.numbered is left NOT VALID/),
      expect.stringMatching(/^block: The index public\.by_part of public\.parts is left INVALID/),
    ]);
    const strict = await gate(project.config({ limits: { rewriteBytes: { block: 100_000 } } }));
    expect(inShort(strict.findings, 'rewrite')).toEqual([expect.stringMatching(/^block: public\.people/)]);
  });

  test.concurrent('a swap of tables tells all that it loses, and blocks by what goes on pointing at the old one', async () => {
    await using project = await postgresProject(server, seed);
    await project.migration(
      '001_swap.sql',
      `CREATE TABLE people_new AS SELECT * FROM people; ALTER TABLE people RENAME TO people_old; ALTER TABLE people_new RENAME TO people;
       INSERT INTO numbered (id, n) VALUES (7, 7)`,
    );
    const { outcome, findings } = await gate(project.config());
    expect(outcome).toBe('blocked');
    expect(inShort(findings, 'integrity')).toEqual([
      expect.stringMatching(
        /^block: The foreign key orders_person_fkey .* goes on referring to that table, which is called public\.people_old/,
      ),
      expect.stringMatching(/^block: The sequence public\.numbered_id_seq is behind public\.numbered\.id/),
    ]);
    const [lost, ...others] = inShort(findings, 'objects-kept');
    expect(others).toEqual([]);
    expect(lost).toMatch(/^warn: public\.people was made anew without what it had/);
    for (const part of [
      'index by_age',
      'trigger told',
      'primary key (id)',
      'unique constraint (email)',
      'check (people_age_check)',
      'NOT NULL of email',
      'the default of id',
      'the sequence owned by id',
      'the comment',
      'grants to reader',
    ])
      expect(lost).toContain(part);
  });
});

/** Severity and beginning of each, without what was measured. */
function inShort(findings: readonly Finding[], by: string): readonly string[] {
  return findings
    .filter((finding) => finding.gate === by)
    .map(({ severity, message }) => `${severity}: ${message.replace(/ for up to .*/, '')}`);
}
