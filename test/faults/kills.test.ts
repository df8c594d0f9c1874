import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { fileURLToPath } from 'node:url';
import { scenarios, type Scenario } from './scenarios.ts';
import { expectNextRunFinishes, legalStates, newWorld } from './world.ts';

const victim = fileURLToPath(new URL('victim.ts', import.meta.url));

interface Ended {
  readonly killed: boolean;
  readonly steps: number;
}

async function runVictim(root: string, scenario: Scenario, step: number): Promise<Ended> {
  const order = JSON.stringify({ root, scenario, step });
  const result = await execa(process.execPath, ['--import', 'jiti/register', victim, order], { reject: false });
  if (result.signal === 'SIGKILL') return { killed: true, steps: step };
  expect(result.stderr).toBe('');
  const { steps, outcome } = JSON.parse(result.stdout) as { steps: number; outcome: string };
  expect(outcome).toBe('promoted');
  return { killed: false, steps };
}

describe.each(scenarios)('a deployer killed at every step (%s)', (scenario) => {
  test('leaves main in a legal state, and the next run finishes the job', { timeout: 600_000 }, async () => {
    const states = await legalStates(scenario);
    const { steps } = await runVictim((await newWorld(scenario)).project.root, scenario, 0);
    expect(steps).toBeGreaterThan(50);
    for (let step = 1; step <= steps; step += 1) {
      const world = await newWorld(scenario);
      expect(await runVictim(world.project.root, scenario, step), `step ${step}`).toEqual({ killed: true, steps: step });
      await expectNextRunFinishes(world, states);
    }
  });
});
