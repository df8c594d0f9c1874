import { afterAll, beforeAll, describe, test } from 'vitest';
import { startPostgres, type PostgresServer } from '../support/postgres.ts';
import { failAt, stepsOf } from './errors.ts';
import { postgresWorlds, stepsOn } from './postgres-world.ts';
import { postgresScenarios } from './scenarios/postgres.ts';
import { threeAtOnce } from './three-at-once.ts';
import { legalStates, type NewWorld } from './world.ts';

describe.each([15, 18] as const)(
  'on PostgreSQL %i, a driver or a provider that fails at every second step',
  (version) => {
    let server: PostgresServer;
    let newWorld: NewWorld;
    beforeAll(async () => {
      server = await startPostgres({ version });
      newWorld = await postgresWorlds(server);
    });
    afterAll(() => server?.stop());

    test.each(postgresScenarios)(
      '$name: never leaves main in a third state, and says what failed',
      { timeout: 900_000 },
      async (scenario) => {
        const finished = new Set<string>();
        const expected = { newWorld, states: await legalStates(newWorld, scenario), finished };
        const { steps, rehearsing } = await stepsOf(scenario, expected);
        const all = Array.from({ length: steps }, (_, at) => at + 1);
        const mine = stepsOn(version, scenario, rehearsing, all);
        await threeAtOnce(mine, (step) => failAt(step, scenario, expected));
        console.log(`${scenario.name} on ${version}: ${mine.length} of ${steps} errors, ${finished.size} aftermaths`);
      },
    );
  },
);
