import { rmSync } from 'node:fs';
import { Client } from 'pg';
import { startPostgres, type PostgresServer } from '../test/support/postgres.ts';
import { newFolder } from './support/database.ts';
import { freshFrom } from './support/postgres-batch.ts';
import { program, runNode } from './support/program.ts';
import type { Measured } from './support/result.ts';
import { writeSmallMigrations } from './support/small-migrations.ts';
import { alternate, bothInWords, inWords, timed } from './support/times.ts';

/** `up --safe` of 100 small migrations by template, against a copy by template and a plain Umzug `up` of the same files. */
export async function postgresHundred(): Promise<Measured> {
  await using server = await startPostgres({ version: 15, settings: { shared_buffers: '256MB' } });
  await makeShop(server);
  const folder = newFolder();
  const migrations = writeSmallMigrations(folder, 100, 'small');
  const times = await alternate(5, {
    copy: () =>
      withShop(server, async (url) => {
        const name = new URL(url).pathname.slice(1);
        const ms = await timed(() => server.query(`CREATE DATABASE copied TEMPLATE ${name}`));
        await server.query('DROP DATABASE copied');
        return ms;
      }),
    umzug: () => withShop(server, async (url) => (await runNode(program('plain-umzug-postgres'), url, migrations)).ms),
    safe: () => withShop(server, async (url) => (await runNode(program('up'), url, migrations, 'once')).ms),
  });
  rmSync(folder, { recursive: true });
  const allowed = 1.5 * times.copy.min + 2 * times.umzug.min;
  return {
    results: [
      {
        measured: '`up --safe` of 100 small migrations, PostgreSQL 15, 100 MB, one checkpoint, by template',
        peer: `copy ${bothInWords(times.copy)}, Umzug ${bothInWords(times.umzug)}`,
        forerun: bothInWords(times.safe),
        comparison: `${(times.safe.min / allowed).toFixed(2)} of ${inWords(allowed)}`,
        target: '≤ 1.5 copies + 2 Umzugs',
        met: times.safe.min <= allowed,
      },
    ],
  };
}

async function withShop(server: PostgresServer, work: (url: string) => Promise<number>): Promise<number> {
  const url = await freshFrom(server, 'shop');
  await server.query('CHECKPOINT');
  const ms = await work(url);
  await server.query(`DROP DATABASE ${new URL(url).pathname.slice(1)} WITH (FORCE)`);
  for (const { datname } of await server.query("SELECT datname FROM pg_database WHERE datname LIKE 'forerun%'")) {
    await server.query(`ALTER DATABASE ${String(datname)} IS_TEMPLATE false`);
    await server.query(`DROP DATABASE ${String(datname)} WITH (FORCE)`);
  }
  return ms;
}

/** As the SQLite benches have it: a table of events with nearly all the bytes, and small tables beside it. */
async function makeShop(server: PostgresServer): Promise<void> {
  const client = new Client({ connectionString: await server.createDatabase('shop') });
  await client.connect();
  await client.query(`
    CREATE TABLE accounts (id serial PRIMARY KEY, name text NOT NULL, plan integer NOT NULL);
    CREATE TABLE settings (id serial PRIMARY KEY, name text NOT NULL UNIQUE, value text);
    CREATE TABLE events (id serial PRIMARY KEY, account_id integer NOT NULL, kind text NOT NULL, amount float, payload text);
    INSERT INTO accounts (name, plan) SELECT 'account ' || n, n % 3 FROM generate_series(1, 2000) AS n;
    INSERT INTO settings (name, value) SELECT 'setting ' || n, md5(n::text) FROM generate_series(1, 200) AS n;
    INSERT INTO events (account_id, kind, amount, payload)
      SELECT n % 2000 + 1, 'view', n * 0.25, repeat(md5(n::text), 4) FROM generate_series(1, 480000) AS n`);
  await client.query('VACUUM ANALYZE');
  await client.end();
}
