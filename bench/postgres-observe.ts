import { Client } from 'pg';
import { connect } from '../src/drivers/postgres/connection.ts';
import { defaultLimits } from '../src/drivers/postgres/compare-limits.ts';
import { observePostgres } from '../src/drivers/postgres/observe.ts';
import type { Connection } from '../src/seams/driver.ts';
import type { Evidence } from '../src/seams/evidence.ts';
import type { Target } from '../src/seams/target.ts';
import { startPostgres, type PostgresServer } from '../test/support/postgres.ts';
import { freshFrom, makeTemplate, runBatch } from './support/postgres-batch.ts';
import type { Measured, Result } from './support/result.ts';
import { alternate, inWords, timed, timesOf } from './support/times.ts';

const mostOverhead = 3;
const mostError = 5;

/** What looking on costs a migration, how exact its times are, and whether it misses short locks. */
export async function postgresObserve(): Promise<Measured> {
  await using server = await startPostgres({ version: 15, settings: { shared_buffers: '256MB' } });
  const results: Result[] = [];
  for (const tables of [5, 2000]) {
    const template = await makeTemplate(server, tables);
    results.push(await overhead(server, template, tables), await accuracy(server, template, tables));
    results.push(await shortLocks(server, template, tables));
  }
  return { results };
}

/** Of each statement the least of several rounds: a server's times differ from round to round by more than watching costs. */
async function overhead(server: PostgresServer, template: string, tables: number): Promise<Result> {
  const around: number[] = [];
  const statements: Record<'alone' | 'observed', (readonly number[])[]> = { alone: [], observed: [] };
  const round = async (
    way: 'alone' | 'observed',
    run: (url: string) => Promise<readonly number[]>,
  ): Promise<number> => {
    const url = await freshFrom(server, template);
    const took = await run(url);
    await dropped(server, url);
    statements[way].push(took);
    return sum(took);
  };
  const times = await alternate(9, {
    alone: () => round('alone', (url) => runBatch(url)),
    observed: () =>
      round('observed', async (url) => {
        await using observer = await observePostgres(targetOf(url), open, undefined, defaultLimits);
        return await runBatch(url, async (step) => {
          const begin = await timed(() => observer.begin());
          await step();
          around.push(begin + (await timed(() => observer.finish(undefined))));
        });
      }),
  });
  const [alone, observed] = [leastOfEach(statements.alone), leastOfEach(statements.observed)];
  const percent = (observed / alone - 1) * 100;
  return {
    measured: `PostgreSQL 15: six migrations beside ${tables} tables, observed (the least of each added up)`,
    peer: `not observed ${inWords(alone)} (${inWords(times.alone.median)})`,
    forerun: `${inWords(observed)} (${inWords(times.observed.median)})`,
    comparison: `${percent.toFixed(1)} % (and ${timesOf(around).median.toFixed(0)} ms before and after each)`,
    target: `≤ ${mostOverhead} %`,
    met: percent <= mostOverhead,
  };
}

function leastOfEach(rounds: readonly (readonly number[])[]): number {
  const [first = []] = rounds;
  return sum(first.map((_, at) => Math.min(...rounds.map((round) => round[at] ?? Infinity))));
}

function sum(times: readonly number[]): number {
  return times.reduce((total, ms) => total + ms, 0);
}

/** Two locks in one transaction, one longer than the other, whose times the server's own clock tells. */
async function accuracy(server: PostgresServer, template: string, tables: number): Promise<Result> {
  const url = await freshFrom(server, template);
  const errors: number[] = [];
  for (let round = 1; round <= 10; round += 1) {
    const { evidence, result: truth } = await observed(url, async (client) => {
      const now = async (): Promise<number> =>
        Number((await client.query('SELECT extract(epoch FROM clock_timestamp()) * 1000 AS at')).rows[0].at);
      await client.query('BEGIN; LOCK TABLE events IN ACCESS EXCLUSIVE MODE');
      const first = await now();
      await client.query(`SELECT pg_sleep(${0.03 + 0.011 * round})`);
      await client.query('LOCK TABLE other IN SHARE MODE');
      const second = await now();
      await client.query(`SELECT pg_sleep(${0.02 + 0.007 * round})`);
      const end = await now();
      await client.query('COMMIT');
      return { 'public.events': end - first, 'public.other': end - second };
    });
    for (const [relation, ms] of Object.entries(truth)) {
      const held = evidence.locks?.find((lock) => lock.relation === relation)?.heldMs ?? 0;
      errors.push(Math.abs(held - ms));
    }
  }
  await dropped(server, url);
  const most = Math.max(...errors);
  return {
    measured: `PostgreSQL 15: time of 20 locks of known length, ${tables} tables`,
    peer: 'the server’s clock in the session itself',
    forerun: `off by ${(errors.reduce((sum, error) => sum + error, 0) / errors.length).toFixed(1)} ms on average`,
    comparison: `off by ${most.toFixed(1)} ms at most`,
    target: `≤ ${mostError} ms`,
    met: most <= mostError,
  };
}

async function shortLocks(server: PostgresServer, template: string, tables: number): Promise<Result> {
  const url = await freshFrom(server, template);
  const names = Array.from({ length: 100 }, (_, at) => `short_${at}`);
  const setup = new Client({ connectionString: url });
  await setup.connect();
  await setup.query(names.map((name) => `CREATE TABLE ${name} (id integer)`).join(';'));
  await setup.end();
  const { evidence } = await observed(url, async (client) => {
    for (const name of names)
      await client.query(`BEGIN; LOCK TABLE ${name} IN SHARE MODE; SELECT pg_sleep(0.01); ROLLBACK`);
  });
  await dropped(server, url);
  const seen = new Set(evidence.locks?.map(({ relation }) => relation));
  const missed = names.filter((name) => !seen.has(`public.${name}`)).length;
  return {
    measured: `PostgreSQL 15: 100 locks of 10 ms, ${tables} tables`,
    peer: '100 held',
    forerun: `${names.length - missed} seen`,
    comparison: `${missed} missed`,
    target: '0 missed',
    met: missed === 0,
  };
}

async function observed<T>(
  url: string,
  body: (client: Client) => Promise<T>,
): Promise<{ readonly evidence: Evidence; readonly result: T }> {
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query('CREATE TABLE IF NOT EXISTS other (id integer)');
  const observer = await observePostgres(targetOf(url), open, undefined, defaultLimits);
  await observer.begin();
  const result = await body(client);
  await client.end();
  const evidence = await observer.finish(undefined);
  await observer[Symbol.asyncDispose]();
  return { evidence, result };
}

function targetOf(url: string): Target {
  return { url, variable: url };
}

function open(target: Target): Promise<Connection> {
  return connect(target, 'forerun:bench');
}

async function dropped(server: PostgresServer, url: string): Promise<void> {
  await server.query(`DROP DATABASE ${new URL(url).pathname.slice(1)} WITH (FORCE)`);
}
