import { describe, expect, test } from 'vitest';
import { up } from '../../src/run.ts';
import { withSteps } from '../support/fault.ts';
import { scenarios, scenarioSetup } from './scenarios.ts';
import { expectNextRunFinishes, legalStates, newWorld, see } from './world.ts';

/** Steps whose failure the run survives: what is done after everything is promoted, and releasing what it holds. */
describe.each(scenarios)('a driver or a provider that fails at any step (%s)', (scenario) => {
  test('never leaves main in a third state, and says what failed', { timeout: 300_000 }, async () => {
    const states = await legalStates(scenario);
    let steps = 0;
    const counted = await newWorld(scenario);
    await up(
      withSteps(counted.setup, () => void (steps += 1)),
      { safe: true },
    );
    for (let failing = 1; failing <= steps; failing += 1) {
      const world = await newWorld(scenario);
      let step = 0;
      let name = '';
      const faulty = withSteps(await scenarioSetup(world.project.root, scenario), (at) => {
        step += 1;
        if (step === failing) {
          name = at;
          throw new Error(`fault at step ${failing}`);
        }
      });
      const result = await up(faulty, { safe: true });
      const seen = await see(world.setup);
      expect(states, `${name} (step ${failing})`).toContainEqual(seen);
      expect(JSON.stringify(result), `${name} (step ${failing})`).toContain(`fault at step ${failing}`);
      const promoted = result.migrations
        .filter((migration) => migration.outcome === 'promoted')
        .map((migration) => migration.name);
      expect(promoted, `${name} (step ${failing})`).toEqual(seen.history);
      await expectNextRunFinishes(world, states);
    }
  });
});
