import { describe, test } from 'vitest';
import { failAt, stepsOf } from './errors.ts';
import { sqliteScenarios } from './scenarios/sqlite.ts';
import { newSqliteWorld as newWorld } from './sqlite-world.ts';
import { legalStates } from './world.ts';

describe.each(sqliteScenarios)('a driver or a provider that fails at any step ($name)', (scenario) => {
  test('never leaves main in a third state, and says what failed', { timeout: 300_000 }, async () => {
    const expected = { newWorld, states: await legalStates(newWorld, scenario) };
    const { steps } = await stepsOf(scenario, expected);
    for (let failing = 1; failing <= steps; failing += 1) await failAt(failing, scenario, expected);
  });
});
