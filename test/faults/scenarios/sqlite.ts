import { resolveConfig } from '../../../src/config.ts';
import type { SqliteDatabase } from '../../../src/drivers/sqlite.ts';
import type { Connection, Driver } from '../../../src/seams/driver.ts';
import type { Apply } from '../../../src/seams/source.ts';
import type { Setup } from '../../../src/setup.ts';
import type { Place, Scenario } from '../scenario.ts';
import { codeSource } from './code.ts';

/** Each has two migrations, and the second needs the first. */
export const sqliteScenarios: readonly Scenario[] = [
  {
    name: 'sql',
    files: {
      '001_first.up.sql': 'CREATE TABLE first (id INTEGER PRIMARY KEY, x TEXT); INSERT INTO first (x) VALUES (1), (2);',
      '001_first.down.sql': 'DROP TABLE first;',
      '002_second.sql':
        "ALTER TABLE first ADD COLUMN y TEXT; UPDATE first SET y = 'y'; ALTER TABLE users ADD COLUMN z TEXT;",
    },
    setup: plain,
  },
  {
    name: 'sql-swapped',
    files: {
      '001_first.sql': 'CREATE TABLE first (id INTEGER PRIMARY KEY, x TEXT); INSERT INTO first (x) VALUES (1), (2);',
      '002_second.sql': 'ALTER TABLE first ADD COLUMN y TEXT; VACUUM; ALTER TABLE users ADD COLUMN z TEXT;',
    },
    swapped: true,
    setup: plain,
  },
  { name: 'code-shared', files: {}, setup: (place) => ofCode(place, shared) },
  { name: 'code-alone', files: {}, swapped: true, setup: (place) => ofCode(place, alone) },
];

function plain({ root, database }: Place): Promise<Setup> {
  return resolveConfig({ database, root, lockWaitSeconds: 20 });
}

async function ofCode(place: Place, how: (driver: Driver, sql: string) => Apply): Promise<Setup> {
  const setup = await plain(place);
  const migrations = [
    {
      name: '001_first',
      up: 'CREATE TABLE first (id INTEGER PRIMARY KEY, x TEXT); INSERT INTO first (x) VALUES (1)',
      down: 'DROP TABLE first',
    },
    {
      name: '002_second',
      up: 'ALTER TABLE first ADD COLUMN y TEXT',
      down: 'ALTER TABLE first DROP COLUMN y',
    },
  ];
  return { ...setup, source: codeSource(migrations, (sql) => how(setup.driver, sql)) };
}

function shared(driver: Driver, sql: string): Apply {
  return (target, attempt) => driver.transaction(target, attempt, async (connection) => execute(connection, sql));
}

function alone(driver: Driver, sql: string): Apply {
  return async (target) => {
    await using connection = await driver.open(target);
    execute(connection, sql);
  };
}

function execute({ client }: Connection, sql: string): void {
  (client as SqliteDatabase).exec(sql);
}
