import { Client } from 'pg';
import { resolveConfig } from '../../../src/config.ts';
import { template } from '../../../src/providers/template.ts';
import type { Driver } from '../../../src/seams/driver.ts';
import type { Apply } from '../../../src/seams/source.ts';
import type { Setup } from '../../../src/setup.ts';
import type { AtStep } from '../../support/fault.ts';
import type { Place, Scenario } from '../scenario.ts';
import { codeSource } from './code.ts';

const [one, two, three] = [
  'ALTER TABLE users ADD COLUMN y TEXT',
  'CREATE INDEX CONCURRENTLY users_by_name ON users (name)',
  'ALTER TABLE users ADD COLUMN z TEXT',
] as const;

const first = {
  name: '001_first',
  up: "CREATE TABLE first (id INTEGER PRIMARY KEY, x TEXT); INSERT INTO first VALUES (1, 'x')",
};

/** The first has two migrations, of which the second needs the first; the others have one. */
export const postgresScenarios: readonly Scenario[] = [
  {
    name: 'postgres-sql',
    files: {
      '001_first.up.sql': `${first.up};`,
      '001_first.down.sql': 'DROP TABLE first;',
      '002_second.sql':
        "ALTER TABLE first ADD COLUMN y TEXT; UPDATE first SET y = 'y'; ALTER TABLE users ADD COLUMN z TEXT;",
    },
    setup: plain,
  },
  {
    name: 'postgres-concurrently',
    likeOthers: true,
    files: { '001_index.sql': `${one};\n${two};\n${three};\n` },
    journalled: {
      begun: ['1 begun'],
      parts: [
        { sql: one, journal: ['1 done', '2 begun'] },
        // Its journal is written when it has returned.
        { sql: two, journal: ['2 begun', '2 done', '3 begun'] },
        { sql: three, journal: ['3 done'] },
      ],
    },
    setup: plain,
  },
  {
    name: 'postgres-code-shared',
    likeOthers: true,
    files: {},
    setup: (place) => ofCode(place, (driver) => shared(driver)),
  },
  {
    name: 'postgres-code-alone',
    likeOthers: true,
    files: {},
    journalled: { begun: ['begun'], parts: [{ sql: first.up, journal: ['begun', '1 done'] }], untold: ['begun'] },
    setup: (place, atStep) => ofCode(place, () => alone(atStep)),
  },
];

const ofIndex = (state: string): string => `UPDATE pg_index SET ${state} WHERE indexrelid = 'users_by_name'::regclass`;

const slowIndex = two.replace('(name)', '(slow(name))');

/** Its index takes a second on main, so that whoever dies leaves the server building it. */
export const slowly: Scenario = {
  name: 'postgres-slowly',
  files: { '001_index.sql': `${one};\n${slowIndex};\n${three};\n` },
  journalled: {
    begun: ['1 begun'],
    parts: [
      { sql: one, journal: ['1 done', '2 begun'] },
      {
        sql: `${slowIndex.replace('CONCURRENTLY', '')}; ${ofIndex('indisvalid = false, indisready = false')}`,
        journal: ['2 begun'],
      },
      { sql: ofIndex('indisready = true'), journal: ['2 begun'] },
      {
        sql: ofIndex('indisvalid = true'),
        journal: ['2 begun', '2 done', '3 begun'],
      },
      { sql: three, journal: ['3 done'] },
    ],
  },
  setup: plain,
};

function plain({ root, database }: Place): Promise<Setup> {
  return resolveConfig({ database, root, provider: template(), lockWaitSeconds: 20 });
}

async function ofCode(place: Place, how: (driver: Driver) => (sql: string) => Apply): Promise<Setup> {
  const setup = await plain(place);
  return { ...setup, source: codeSource([first], how(setup.driver)) };
}

function shared(driver: Driver): (sql: string) => Apply {
  return (sql) => (target, attempt) =>
    driver.transaction(target, attempt, async (connection) => void (await connection.query(sql)));
}

/** As a framework does it: by a client and in a transaction of its own. */
function alone(atStep: AtStep = () => {}): (sql: string) => Apply {
  return (sql) => async (target) => {
    const client = new Client({ connectionString: target.variable });
    await client.connect();
    try {
      atStep('code has connected');
      await client.query(`BEGIN; ${sql}`);
      atStep('code is about to commit');
      await client.query('COMMIT');
      atStep('code has committed');
    } finally {
      await client.end();
    }
  };
}
