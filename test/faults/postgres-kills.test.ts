import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startPostgres, type PostgresServer } from '../support/postgres.ts';
import { killAt, undisturbed } from './kills.ts';
import { postgresWorlds, stepsOn } from './postgres-world.ts';
import { postgresScenarios } from './scenarios/postgres.ts';
import { threeAtOnce } from './three-at-once.ts';
import { legalStates, type NewWorld } from './world.ts';

/**
 * Every second step on one version, the others on the other: of the steps that differ in what is left behind. What was
 * left behind before is not gone on from once more, since a run on a server takes its time.
 */
describe.each([15, 18] as const)('on PostgreSQL %i, a deployer killed at every second step', (version) => {
  let server: PostgresServer;
  let newWorld: NewWorld;
  beforeAll(async () => {
    server = await startPostgres({ version });
    newWorld = await postgresWorlds(server);
  });
  afterAll(() => server?.stop());

  test.each(postgresScenarios)(
    '$name: leaves main in a legal state, and the next run finishes the job',
    { timeout: 900_000 },
    async (scenario) => {
      const finished = new Set<string>();
      const expected = { newWorld, states: await legalStates(newWorld, scenario), finished };
      const { turns, rehearsing } = await undisturbed(scenario, expected);
      expect(turns.length).toBeGreaterThan(30);
      const mine = stepsOn(version, scenario, rehearsing, turns);
      await threeAtOnce(mine, (step) => killAt(step, scenario, expected));
      console.log(
        `${scenario.name} on ${version}: ${mine.length} of ${turns.length} kills, ${finished.size} aftermaths`,
      );
    },
  );
});
