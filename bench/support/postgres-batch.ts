import { Client } from 'pg';
import type { PostgresServer } from '../../test/support/postgres.ts';
import { timed } from './times.ts';

/** Migrations that keep the server at work for some hundreds of milliseconds each. */
const batch = [
  'CREATE INDEX by_amount ON events (amount)',
  'ALTER TABLE events ADD COLUMN weight double precision DEFAULT random()',
  'UPDATE events SET amount = amount + 1 WHERE id % 3 = 0',
  'ALTER TABLE events ADD CONSTRAINT positive CHECK (amount > -1000000)',
  'CREATE TABLE copied AS SELECT * FROM events',
  'CREATE INDEX CONCURRENTLY by_kind ON events (kind)',
];

/** A database to make others from: a table of events, and as many tables beside it as are asked for. */
export async function makeTemplate(server: PostgresServer, tables: number): Promise<string> {
  const name = `template_${tables}`;
  const url = await server.createDatabase(name);
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query(`
    CREATE TABLE kinds (id integer PRIMARY KEY);
    CREATE TABLE events (id integer PRIMARY KEY, kind text, amount integer);
    INSERT INTO events SELECT i, 'kind ' || i % 10, i % 1000 FROM generate_series(1, 400000) AS i`);
  // A transaction has room for the locks of some thousands of relations.
  for (let at = 2; at < tables; at += 200) {
    const last = Math.min(at + 199, tables - 1);
    await client.query(
      `DO $$ BEGIN FOR i IN ${at}..${last} LOOP EXECUTE format('CREATE TABLE beside_%s (id serial PRIMARY KEY, name text NOT NULL, kind integer REFERENCES kinds, made_on timestamptz DEFAULT now())', i); END LOOP; END $$`,
    );
  }
  await client.query('VACUUM ANALYZE');
  await client.end();
  return name;
}

export async function freshFrom(server: PostgresServer, template: string): Promise<string> {
  const name = `fresh_${(made += 1)}`;
  await server.query(`CREATE DATABASE ${name} TEMPLATE ${template}`);
  return server.url(name);
}

let made = 0;

/** Runs the batch, each statement on a session of its own; answers the milliseconds that each took. */
export async function runBatch(
  url: string,
  around?: (step: () => Promise<void>) => Promise<void>,
): Promise<readonly number[]> {
  const took: number[] = [];
  for (const sql of batch) {
    const step = async (): Promise<void> => {
      const client = new Client({ connectionString: url });
      await client.connect();
      took.push(await timed(() => client.query(sql)));
      await client.end();
    };
    await (around === undefined ? step() : around(step));
  }
  return took;
}
