import { expect, test } from 'vitest';
import { up } from '../../src/index.ts';
import { postgres } from '../../src/drivers/postgres.ts';
import { template } from '../../src/providers/template.ts';
import { startPostgres } from '../support/postgres.ts';
import { postgresProject } from './fixtures/postgres-project.ts';

const many = 2000;

/** Each has a key, a foreign key to the one before it, an index and a row. */
const seed = `DO $$ BEGIN
  CREATE TABLE t0 (id integer PRIMARY KEY, before integer, name text);
  INSERT INTO t0 VALUES (1, NULL, 'n0');
  FOR n IN 1..${many - 1} LOOP
    EXECUTE format('CREATE TABLE t%s (id integer PRIMARY KEY, before integer REFERENCES t%s, name text DEFAULT %L)', n, n - 1, 'n' || n);
    EXECUTE format('CREATE INDEX ON t%s (name); INSERT INTO t%s VALUES (1, 1)', n, n);
  END LOOP;
END $$`;

/** To make them all in one transaction takes more locks than a server has by default. */
const settings = { max_locks_per_transaction: '512' };

test(
  'a database of 2,000 tables is read whole, and a change of one of them is promoted',
  { timeout: 300_000 },
  async () => {
    await using server = await startPostgres({ settings });
    await using project = await postgresProject(server, seed);
    const driver = postgres({ root: project.root });
    const main = driver.target(project.url);
    const keys = async (): Promise<readonly string[]> => {
      await using connection = await driver.open(main);
      expect(await driver.tables(connection)).toHaveLength(many);
      return [...(await driver.schema(connection)).keys()].filter((key) => key.startsWith('table '));
    };
    expect(await keys()).toHaveLength(many);

    await project.migration('001_level.sql', 'ALTER TABLE t1234 ADD COLUMN level integer');
    const result = await up(project.config({ provider: template() }), { safe: true });
    expect(result, JSON.stringify(result.error)).toMatchObject({
      outcome: 'promoted',
      migrations: [{ promotion: 'replay', evidence: { schema: { diff: [{ change: 'changed' }] } } }],
    });
    expect(await keys()).toHaveLength(many);
    const level =
      "SELECT attrelid::regclass::text AS table FROM pg_attribute WHERE attname = 'level' AND attrelid >= 16384";
    expect(await project.run(level)).toEqual([{ table: 't1234' }]);
  },
);
