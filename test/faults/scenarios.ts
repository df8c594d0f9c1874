import { weakChecksum } from '../../src/checksum.ts';
import { resolveConfig } from '../../src/config.ts';
import type { Driver } from '../../src/seams/driver.ts';
import type { Apply, Migration, Source } from '../../src/seams/source.ts';
import type { Setup } from '../../src/setup.ts';
import { sqlite, type SqliteDatabase } from '../../src/drivers/sqlite.ts';

/** The ways in which migrations reach main. Each scenario has two migrations, and the second needs the first. */
export const scenarios = ['sql', 'sql-swapped', 'code-shared', 'code-alone'] as const;
export type Scenario = (typeof scenarios)[number];

/** The files that a scenario needs; none for code. */
export const files: Readonly<Record<Scenario, Readonly<Record<string, string>>>> = {
  sql: {
    '001_first.up.sql': 'CREATE TABLE first (id INTEGER PRIMARY KEY, x TEXT); INSERT INTO first (x) VALUES (1), (2);',
    '001_first.down.sql': 'DROP TABLE first;',
    '002_second.sql':
      "ALTER TABLE first ADD COLUMN y TEXT; UPDATE first SET y = 'y'; ALTER TABLE users ADD COLUMN z TEXT;",
  },
  'sql-swapped': {
    '001_first.sql': 'CREATE TABLE first (id INTEGER PRIMARY KEY, x TEXT); INSERT INTO first (x) VALUES (1), (2);',
    '002_second.sql': 'ALTER TABLE first ADD COLUMN y TEXT; VACUUM; ALTER TABLE users ADD COLUMN z TEXT;',
  },
  'code-shared': {},
  'code-alone': {},
};

export async function scenarioSetup(root: string, scenario: Scenario): Promise<Setup> {
  const driver = sqlite();
  const setup = await resolveConfig({ database: 'app.db', root, driver, lockWaitSeconds: 20 });
  return scenario === 'code-shared' || scenario === 'code-alone'
    ? { ...setup, source: codeSource(driver, scenario) }
    : setup;
}

function codeSource(driver: Driver, scenario: Scenario): Source {
  const apply = (sql: string): Apply =>
    scenario === 'code-shared'
      ? (target, attempt) =>
          driver.transaction(
            target,
            attempt,
            async (connection) => void (connection.client as SqliteDatabase).exec(sql),
          )
      : async (target) => {
          await using connection = await driver.open(target);
          (connection.client as SqliteDatabase).exec(sql);
        };
  const migration = (version: string, name: string, sql: string, back: string): Migration => ({
    version,
    name,
    checksum: weakChecksum(sql),
    text: sql,
    language: 'code',
    up: apply(sql),
    down: apply(back),
  });
  return {
    name: 'code',
    migrations: async () => [
      migration(
        '001',
        '001_first',
        'CREATE TABLE first (id INTEGER PRIMARY KEY, x TEXT); INSERT INTO first (x) VALUES (1)',
        'DROP TABLE first',
      ),
      migration('002', '002_second', 'ALTER TABLE first ADD COLUMN y TEXT', 'ALTER TABLE first DROP COLUMN y'),
    ],
  };
}
