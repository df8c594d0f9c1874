import { Client } from 'pg';
import { connect } from '../src/drivers/postgres/connection.ts';
import { lockModes } from '../src/drivers/postgres/lock-conflicts.ts';
import { observePostgres } from '../src/drivers/postgres/observe.ts';
import type { Evidence } from '../src/seams/evidence.ts';
import { startPostgres, type PostgresServer, type ServerVersion } from '../test/support/postgres.ts';
import { freshFrom } from './support/postgres-batch.ts';
import { machineLine } from './support/machine.ts';
import { inWords, timed } from './support/times.ts';

const rows = 1_000_000;

/** Each on a copy of its own. */
const statements = [
  'CREATE INDEX ON orders (amount)',
  'CREATE INDEX CONCURRENTLY ON orders (amount)',
  'ALTER TABLE orders ADD COLUMN level integer DEFAULT 0',
  'ALTER TABLE orders ADD COLUMN level double precision DEFAULT random()',
  'ALTER TABLE orders ALTER note SET NOT NULL',
  'ALTER TABLE orders ALTER amount TYPE bigint',
  'ALTER TABLE orders ALTER note TYPE text',
  'ALTER TABLE orders ADD FOREIGN KEY (person_id) REFERENCES people',
  'ALTER TABLE orders ADD FOREIGN KEY (person_id) REFERENCES people NOT VALID',
  'ALTER TABLE orders VALIDATE CONSTRAINT later',
  'ALTER TABLE orders DROP COLUMN note',
];

/** Which locks statements take on a table of a million rows, for how long, and what others would have waited. */
export async function postgresLocks(version: ServerVersion): Promise<string> {
  await using server = await startPostgres({ version, settings: { shared_buffers: '256MB' } });
  await makeShop(server);
  const lines: string[] = [];
  for (const sql of statements) lines.push(await measured(server, sql));
  const head = [
    'Statement',
    'Took',
    'Strongest lock of each table',
    'Longest read wait',
    'Longest write wait',
    'Rewritten',
  ];
  return [
    `Machine: ${machineLine()}. PostgreSQL ${version}, orders with ${rows.toLocaleString('en')} rows that refer to 10,000 people.`,
    '',
    `| ${head.join(' | ')} |`,
    `| ${head.map(() => '---').join(' | ')} |`,
    ...lines,
  ].join('\n');
}

async function makeShop(server: PostgresServer): Promise<void> {
  const client = new Client({ connectionString: await server.createDatabase('shop') });
  await client.connect();
  await client.query(`
    CREATE TABLE people (id integer PRIMARY KEY, name text);
    INSERT INTO people SELECT i, 'person ' || i FROM generate_series(1, 10000) AS i;
    CREATE TABLE orders (id integer PRIMARY KEY, person_id integer NOT NULL, amount integer, note varchar(40));
    INSERT INTO orders SELECT i, i % 10000 + 1, i % 997, 'order ' || i FROM generate_series(1, ${rows}) AS i;
    ALTER TABLE orders ADD CONSTRAINT later FOREIGN KEY (person_id) REFERENCES people NOT VALID`);
  await client.query('VACUUM ANALYZE');
  await client.end();
}

async function measured(server: PostgresServer, sql: string): Promise<string> {
  const url = await freshFrom(server, 'shop');
  const observer = await observePostgres({ url, variable: url }, (target) => connect(target, 'forerun:bench'));
  await observer.begin();
  const client = new Client({ connectionString: url });
  await client.connect();
  const ms = await timed(() => client.query(sql));
  await client.end();
  const evidence = await observer.finish([{ sql, line: 1, ms }]);
  await observer[Symbol.asyncDispose]();
  await server.query(`DROP DATABASE ${new URL(url).pathname.slice(1)} WITH (FORCE)`);
  const cells = [`\`${sql}\``, inWords(ms), locksIn(evidence), wait(evidence, 'readMs'), wait(evidence, 'writeMs')];
  return `| ${[...cells, evidence.rewrites?.join(', ') || 'nothing'].join(' | ')} |`;
}

function locksIn({ locks = [] }: Evidence): string {
  const tables = [...new Set(locks.map(({ relation }) => relation))];
  const strongest = tables.map((table) => {
    const held = locks.filter(({ relation }) => relation === table);
    const [most] = held.toSorted((a, b) => lockModes.indexOf(b.mode as never) - lockModes.indexOf(a.mode as never));
    return `${table}: ${most?.mode} ${inWords(most?.heldMs ?? 0)}`;
  });
  return strongest.join('<br>') || 'none seen';
}

function wait({ waits = [] }: Evidence, kind: 'readMs' | 'writeMs'): string {
  const longest = waits.filter((one) => one[kind] > 0).map((one) => `${one.table}: ${inWords(one[kind])}`);
  return longest.join('<br>') || 'none';
}

if (process.argv[1] === import.meta.filename) console.log(await postgresLocks(process.argv[2] === '15' ? 15 : 18));
