import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { killAt, undisturbed } from './kills.ts';
import { versScenarios } from './scenarios/vers.ts';
import { versWorlds, type VersWorlds } from './vers-world.ts';
import { legalStates } from './world.ts';

/** A run there copies a whole machine several times, so that it takes seconds: some of its steps stand for all. */
const tried = 8;

// Against a stand-in for Vers, never against Vers itself.
describe('on a VM, a deployer killed at some steps', () => {
  let worlds: VersWorlds;
  beforeAll(async () => {
    worlds = await versWorlds('newest');
  });
  afterAll(() => worlds?.[Symbol.asyncDispose]());

  test.each(versScenarios)(
    '$name: leaves main in a legal state, and the next run finishes the job and leaves no VM and no commit',
    { timeout: 300_000 },
    async (scenario) => {
      const { newWorld } = worlds;
      const finished = new Set<string>();
      const expected = { newWorld, states: await legalStates(newWorld, scenario), finished };
      const { turns } = await undisturbed(scenario, expected);
      expect(turns.length).toBeGreaterThan(30);
      const some = turns.filter((_, at) => (at + 1) % Math.floor(turns.length / tried) === 0);
      for (const step of some) await killAt(step, scenario, expected);
      await worlds.expectNothingLeft();
      console.log(`${scenario.name}: ${some.length} kills of ${turns.length}, ${finished.size} aftermaths`);
    },
  );
});
