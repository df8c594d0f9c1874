import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { failAt, stepsOf } from './errors.ts';
import { versScenarios } from './scenarios/vers.ts';
import { versWorlds, type VersWorlds } from './vers-world.ts';
import { legalStates } from './world.ts';

/** A run there copies a whole machine several times, so that it takes seconds: some of its steps stand for all. */
const tried = 8;

// Against a stand-in for Vers, never against Vers itself.
describe('on a VM, a driver or a provider that fails at some steps', () => {
  let worlds: VersWorlds;
  beforeAll(async () => {
    worlds = await versWorlds('v0.10.0');
  });
  afterAll(() => worlds?.[Symbol.asyncDispose]());

  test.each(versScenarios)(
    '$name: never leaves main in a third state, says what failed, and leaves no VM and no commit',
    { timeout: 300_000 },
    async (scenario) => {
      const { newWorld } = worlds;
      const finished = new Set<string>();
      const expected = { newWorld, states: await legalStates(newWorld, scenario), finished };
      const { steps } = await stepsOf(scenario, expected);
      const some = Array.from({ length: tried }, (_, at) => Math.floor(((at + 1) * steps) / tried));
      for (const step of some) await failAt(step, scenario, expected);
      await worlds.expectNothingLeft();
      expect(finished.size).toBeGreaterThan(1);
      console.log(`${scenario.name}: ${some.length} errors of ${steps}, ${finished.size} aftermaths`);
    },
  );
});
