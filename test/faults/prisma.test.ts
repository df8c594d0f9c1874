import { describe, expect, test } from 'vitest';
import { sqliteProject } from '../adapters/fixtures/prisma/project.ts';
import { failAt, stepsOf } from './errors.ts';
import { killAt, undisturbed } from './kills.ts';
import { prismaWorlds } from './prisma-world.ts';
import { prismaScenarios } from './scenarios/prisma.ts';
import { threeAtOnce } from './three-at-once.ts';
import { legalStates } from './world.ts';

const newWorld = prismaWorlds(sqliteProject);
const scenarios = prismaScenarios.filter(({ name }) => !name.startsWith('postgres-'));

/** A run is the same as on plain SQL but for Prisma's own table. */
const every = 5;

describe.each(scenarios)('a run on the database of Prisma ($name)', (scenario) => {
  test('that fails at any step never leaves main in a third state', { timeout: 300_000 }, async () => {
    const expected = { newWorld, states: await legalStates(newWorld, scenario) };
    const { steps } = await stepsOf(scenario, expected);
    for (let failing = every; failing <= steps; failing += every) await failAt(failing, scenario, expected);
    console.log(`${scenario.name}: ${Math.floor(steps / every)} failures`);
  });

  test('that is killed is finished by the next one', { timeout: 600_000 }, async () => {
    const expected = { newWorld, states: await legalStates(newWorld, scenario) };
    const { steps } = await undisturbed(scenario, expected);
    expect(steps).toBeGreaterThan(100);
    const some = Array.from({ length: Math.floor(steps / every) }, (_, at) => (at + 1) * every);
    await threeAtOnce(some, (step) => killAt(step, scenario, expected));
    console.log(`${scenario.name}: ${some.length} kills`);
  });
});
