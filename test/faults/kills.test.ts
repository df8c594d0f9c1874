import { describe, expect, test } from 'vitest';
import { killAt, undisturbed } from './kills.ts';
import { sqliteScenarios } from './scenarios/sqlite.ts';
import { newSqliteWorld as newWorld } from './sqlite-world.ts';
import { threeAtOnce } from './three-at-once.ts';
import { legalStates } from './world.ts';

describe.each(sqliteScenarios)('a deployer killed at every step ($name)', (scenario) => {
  test('leaves main in a legal state, and the next run finishes the job', { timeout: 900_000 }, async () => {
    const expected = { newWorld, states: await legalStates(newWorld, scenario) };
    const { steps } = await undisturbed(scenario, expected);
    expect(steps).toBeGreaterThan(100);
    const all = Array.from({ length: steps }, (_, at) => at + 1);
    await threeAtOnce(all, (step) => killAt(step, scenario, expected));
    console.log(`${scenario.name}: ${steps} kills`);
  });
});
