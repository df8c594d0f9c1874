import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { postgresProject } from '../adapters/fixtures/prisma/project.ts';
import { startPostgres, type PostgresServer } from '../support/postgres.ts';
import { failAt, stepsOf } from './errors.ts';
import { killAt, undisturbed } from './kills.ts';
import { prismaWorlds } from './prisma-world.ts';
import { prismaScenarios } from './scenarios/prisma.ts';
import { threeAtOnce } from './three-at-once.ts';
import { legalStates } from './world.ts';

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres({ version: 15 });
});
afterAll(() => server?.stop());

const newWorld = prismaWorlds(() => postgresProject(server));
const scenarios = prismaScenarios.filter(({ name }) => name.startsWith('postgres-'));

describe.each(scenarios)('a run on the database of Prisma ($name)', (scenario) => {
  test('that fails at any step never leaves main in a third state', { timeout: 600_000 }, async () => {
    const expected = { newWorld, states: await legalStates(newWorld, scenario) };
    const { steps } = await stepsOf(scenario, expected);
    const some = Array.from({ length: 12 }, (_, at) => Math.floor(((at + 1) * steps) / 12));
    await threeAtOnce(some, (step) => failAt(step, scenario, expected));
    console.log(`${scenario.name}: ${some.length} failures of ${steps}`);
  });

  test('that is killed is finished by the next one', { timeout: 600_000 }, async () => {
    const expected = { newWorld, states: await legalStates(newWorld, scenario) };
    const { turns } = await undisturbed(scenario, expected);
    expect(turns.length).toBeGreaterThan(30);
    const some = turns.filter((_, at) => at % 6 === 5);
    await threeAtOnce(some, (step) => killAt(step, scenario, expected));
    console.log(`${scenario.name}: ${some.length} kills of ${turns.length}`);
  });
});
