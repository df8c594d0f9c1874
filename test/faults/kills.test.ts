import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { scenarios, type Scenario } from './scenarios.ts';
import { expectNextRunFinishes, legalStates, newWorld, type Seen } from './world.ts';

const victim = fileURLToPath(new URL('victim.ts', import.meta.url));

/** Runs a deployer that kills itself at a step; answers with the number of its steps where it was not killed. */
async function runVictim(root: string, scenario: Scenario, step: number): Promise<number | 'killed'> {
  const order = JSON.stringify({ root, scenario, step });
  const result = await execa(process.execPath, ['--import', 'jiti/register', victim, order], { reject: false });
  if (result.signal === 'SIGKILL') return 'killed';
  expect(result.stderr).toBe('');
  const ended = JSON.parse(result.stdout) as { steps: number; outcome: string; error?: unknown };
  expect(ended).toEqual({ steps: expect.any(Number) as number, outcome: 'promoted' });
  return ended.steps;
}

async function killAt(scenario: Scenario, step: number, states: readonly Seen[]): Promise<void> {
  const world = await newWorld(scenario);
  expect(await runVictim(world.project.root, scenario, step), `step ${step}`).toBe('killed');
  await expectNextRunFinishes(world, states);
}

describe.each(scenarios)('a deployer killed at every step (%s)', (scenario) => {
  test('leaves main in a legal state, and the next run finishes the job', { timeout: 900_000 }, async () => {
    const states = await legalStates(scenario);
    const steps = await runVictim((await newWorld(scenario)).project.root, scenario, 0);
    expect(steps).toBeGreaterThan(100);
    let next = 1;
    const worker = async (): Promise<void> => {
      for (let step = next++; step <= Number(steps); step = next++) await killAt(scenario, step, states);
    };
    await Promise.all([worker(), worker(), worker()]);
    console.log(`${scenario}: ${Number(steps)} kills`);
  });
});
