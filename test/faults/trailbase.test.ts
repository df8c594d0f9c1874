import { describe, expect, test } from 'vitest';
import { failAt, stepsOf } from './errors.ts';
import { killAt, undisturbed } from './kills.ts';
import { trailbaseScenarios } from './scenarios/trailbase.ts';
import { threeAtOnce } from './three-at-once.ts';
import { newTrailbaseWorld as newWorld } from './trailbase-world.ts';
import { legalStates } from './world.ts';

/** A run is the same as on plain SQL but for the history; every third step shows that. */
const everyKill = 3;

describe.each(trailbaseScenarios)('a run on the database of TrailBase ($name)', (scenario) => {
  test('that fails at any step never leaves main in a third state', { timeout: 300_000 }, async () => {
    const expected = { newWorld, states: await legalStates(newWorld, scenario) };
    const { steps } = await stepsOf(scenario, expected);
    for (let failing = 1; failing <= steps; failing += 1) await failAt(failing, scenario, expected);
    console.log(`${scenario.name}: ${steps} failures`);
  });

  test('that is killed is finished by the next one', { timeout: 600_000 }, async () => {
    const expected = { newWorld, states: await legalStates(newWorld, scenario) };
    const { steps } = await undisturbed(scenario, expected);
    expect(steps).toBeGreaterThan(100);
    const some = Array.from({ length: Math.floor(steps / everyKill) }, (_, at) => (at + 1) * everyKill);
    await threeAtOnce(some, (step) => killAt(step, scenario, expected));
    console.log(`${scenario.name}: ${some.length} kills`);
  });
});
