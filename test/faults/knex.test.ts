import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startPostgres, type PostgresServer } from '../support/postgres.ts';
import { failAt, stepsOf } from './errors.ts';
import { killAt, undisturbed } from './kills.ts';
import { postgresWorlds } from './postgres-world.ts';
import { knexScenarios } from './scenarios/knex.ts';
import { newSqliteWorld } from './sqlite-world.ts';
import { threeAtOnce } from './three-at-once.ts';
import { legalStates, type NewWorld } from './world.ts';

// What rehearses is started from this process, which runs the sources as they are.
process.execArgv.push(`--import=${import.meta.resolve('jiti/register')}`);

let server: PostgresServer;
let newPostgresWorld: NewWorld;
beforeAll(async () => {
  server = await startPostgres();
  newPostgresWorld = await postgresWorlds(server);
});
afterAll(() => server.stop());

const [onSqlite, onPostgres] = knexScenarios;

/** Each run starts processes for its rehearsals: so many steps are passed over, and the rest is of others' scenarios. */
const every = { 'knex-sqlite': 9, 'knex-postgres': 29 } as const;

describe.each([
  [onSqlite, 'knex-sqlite', (): NewWorld => newSqliteWorld],
  [onPostgres, 'knex-postgres', (): NewWorld => newPostgresWorld],
] as const)('migrations of Knex ($name)', (scenario, name, worlds) => {
  const some = (steps: number): readonly number[] =>
    Array.from({ length: steps }, (_, at) => at + 1).filter((step) => step % every[name] === 0);

  test(
    'a deployer killed leaves both records as they belong together, and the next run finishes the job',
    {
      timeout: 900_000,
    },
    async () => {
      const newWorld = worlds();
      const expected = { newWorld, states: await legalStates(newWorld, scenario), finished: new Set<string>() };
      const { steps } = await undisturbed(scenario, expected);
      expect(steps).toBeGreaterThan(100);
      await threeAtOnce(some(steps), (step) => killAt(step, scenario, expected));
      console.log(`${name}: ${some(steps).length} kills of ${steps}`);
    },
  );

  test('so does one whose driver or provider fails', { timeout: 900_000 }, async () => {
    const newWorld = worlds();
    const expected = { newWorld, states: await legalStates(newWorld, scenario), finished: new Set<string>() };
    const { steps } = await stepsOf(scenario, expected);
    await threeAtOnce(some(steps), (step) => failAt(step, scenario, expected));
    console.log(`${name}: ${some(steps).length} errors of ${steps}`);
  });
});
