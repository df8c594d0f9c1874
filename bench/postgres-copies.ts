import { chmodSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { execa } from 'execa';
import { Client } from 'pg';
import { connect } from '../src/drivers/postgres/connection.ts';
import { postgresSchema } from '../src/drivers/postgres/schema.ts';
import { clone } from '../src/providers/clone.ts';
import { template } from '../src/providers/template.ts';
import type { Target } from '../src/seams/target.ts';
import { startPostgres, type PostgresServer } from '../test/support/postgres.ts';
import { newFolder } from './support/database.ts';
import type { Measured, Result } from './support/result.ts';
import { alternate, bothInWords, timed } from './support/times.ts';
import { mountXfs } from './support/xfs.ts';

const mostOfBare = 1.1;
const mostForBranch = 1000;
/** A branch takes some tenths of a second; between two times of that size, less than half as much again is chance. */
const mostOfSmall = 1.5;

/** Copies by template against the bare SQL, branches of a base copy for two sizes, and a fingerprint against pg_dump. */
export async function postgresCopies(): Promise<Measured> {
  await using server = await startPostgres({ version: 15, settings: { shared_buffers: '256MB' } });
  const results = [await fingerprints(server), await templates(server)];
  const overlay = newFolder();
  // Private servers run as another user than root.
  for (const each of [overlay, dirname(overlay)]) chmodSync(each, 0o711);
  results.push(...(await branches(overlay, 'overlay')));
  const volume = mountXfs('8G');
  if (typeof volume === 'string') return { results, leftOut: [`branches by reflink: ${volume}`] };
  try {
    return { results: [...results, ...(await branches(volume.folder, 'reflink'))] };
  } finally {
    volume.unmount();
  }
}

async function templates(server: PostgresServer): Promise<Result> {
  const main = targetOf(await fill(server, 'large', 500));
  const provider = template();
  const times = await alternate(5, {
    async bare() {
      const ms = await timed(() => server.query('CREATE DATABASE bare TEMPLATE large STRATEGY file_copy'));
      await server.query('DROP DATABASE bare');
      return ms;
    },
    async forerun() {
      const start = performance.now();
      const checkpoint = await provider.checkpoint(main, { label: 'bench' });
      const ms = performance.now() - start;
      await provider.discard(checkpoint);
      await checkpoint[Symbol.asyncDispose]();
      return ms;
    },
  });
  const ratio = times.forerun.min / times.bare.min;
  return {
    measured: 'checkpoint of 500 MB by template, PostgreSQL 15',
    peer: `bare CREATE DATABASE … TEMPLATE ${bothInWords(times.bare)}`,
    forerun: bothInWords(times.forerun),
    comparison: `${ratio.toFixed(2)} times`,
    target: `≤ ${mostOfBare} times`,
    met: ratio <= mostOfBare,
  };
}

/**
 * A branch of a base copy that is there already, until its server answers; and until it has read a row of the table with
 * nearly all the bytes, whose file an overlay copies when the server opens it.
 */
async function branches(folder: string, way: 'overlay' | 'reflink'): Promise<readonly Result[]> {
  const small = await branching(folder, 100);
  const large = await branching(folder, 1000);
  const answer = await alternate(5, { small: () => small.branch('SELECT 1'), large: () => large.branch('SELECT 1') });
  const first = 'SELECT FROM filler LIMIT 1';
  const row = await alternate(5, { small: () => small.branch(first), large: () => large.branch(first) });
  for (const each of [small, large]) await each.end();
  const ways = new Set([small.way(), large.way()]);
  if (ways.size !== 1 || !ways.has(way))
    throw new Error(`branches were made by ${[...ways].join(', ')}, not by ${way}`);
  const ratio = answer.large.min / answer.small.min;
  return [
    {
      measured: `branch of a cluster of 1 GB by ${way}, from its base copy to an answer of its server`,
      peer: `of 100 MB ${bothInWords(answer.small)}`,
      forerun: bothInWords(answer.large),
      comparison: `${ratio.toFixed(2)} times`,
      target: `≤ ${mostForBranch / 1000} s, constant (≤ ${mostOfSmall} times)`,
      met: answer.large.min <= mostForBranch && ratio <= mostOfSmall,
    },
    {
      measured: `the same, to the first row of the table with nearly all the bytes`,
      peer: `of 100 MB ${bothInWords(row.small)}`,
      forerun: bothInWords(row.large),
      comparison: `${(row.large.min / row.small.min).toFixed(2)} times`,
      target: `≤ ${mostForBranch / 1000} s`,
      met: row.large.min <= mostForBranch,
    },
  ];
}

async function branching(
  folder: string,
  megabytes: number,
): Promise<{ branch(query: string): Promise<number>; way(): string; end(): Promise<void> }> {
  const server = await startPostgres({ version: 15 });
  const main = targetOf(await fill(server, 'main', megabytes));
  const provider = clone({ folder: `${folder}/${megabytes}` });
  const base = await provider.checkpoint(main, { label: 'base' });
  let way = '';
  return {
    async branch(query) {
      const start = performance.now();
      const branch = await provider.branch(base, { label: 'bench' });
      const client = new Client({ connectionString: branch.target.variable });
      await client.connect();
      await client.query(query);
      const ms = performance.now() - start;
      way = branch.way;
      await client.end();
      await provider.discard(branch);
      return ms;
    },
    way: () => way,
    async end() {
      await provider.discard(base);
      await base[Symbol.asyncDispose]();
      await server.stop();
      rmSync(`${folder}/${megabytes}`, { recursive: true, force: true });
    },
  };
}

async function fingerprints(server: PostgresServer): Promise<Result> {
  const main = targetOf(await server.createDatabase('many'));
  for (let at = 0; at < 1000; at += 200) {
    await server.query(
      `DO $$ BEGIN FOR i IN ${at}..${at + 199} LOOP EXECUTE format('CREATE TABLE t_%s (id serial PRIMARY KEY, name text NOT NULL DEFAULT '''', made_on timestamptz DEFAULT now(), CHECK (name <> ''x'')); CREATE INDEX ON t_%s (name)', i, i); END LOOP; END $$`,
      'many',
    );
  }
  const times = await alternate(5, {
    dump: () =>
      timed(() => execa('/usr/lib/postgresql/15/bin/pg_dump', ['--schema-only', main.variable], { stdout: 'ignore' })),
    async forerun() {
      const start = performance.now();
      await using connection = await connect(main, 'forerun:bench');
      await postgresSchema(connection);
      return performance.now() - start;
    },
  });
  const ratio = times.forerun.min / times.dump.min;
  return {
    measured: 'schema of 1,000 tables as text, PostgreSQL 15',
    peer: `pg_dump --schema-only ${bothInWords(times.dump)}`,
    forerun: bothInWords(times.forerun),
    comparison: `${ratio.toFixed(2)} times`,
    target: 'faster',
    met: ratio < 1,
  };
}

async function fill(server: PostgresServer, name: string, megabytes: number): Promise<string> {
  const url = await server.createDatabase(name);
  await server.query(
    `CREATE TABLE filler AS SELECT n AS id, repeat(md5(n::text), 30) AS body FROM generate_series(1, ${megabytes * 1000}) AS n; CHECKPOINT`,
    name,
  );
  return url;
}

function targetOf(url: string): Target {
  return { url, variable: url };
}
