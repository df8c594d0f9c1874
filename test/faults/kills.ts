import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { expect } from 'vitest';
import { expectWhole, type Expected } from './expect-whole.ts';
import type { Scenario } from './scenario.ts';
import type { Ended, Order } from './victim.ts';
import type { World } from './world.ts';

/** Compiled before the tests. */
const victim = fileURLToPath(new URL('../../dist/test/test/faults/victim.js', import.meta.url));

/** Kills a deployer at a step, in a fresh world: main is whole, and the next run needs no help. */
export async function killAt(step: number, scenario: Scenario, expected: Expected): Promise<void> {
  await using world = await expected.newWorld(scenario);
  const at = `${scenario.name} killed at step ${step}`;
  expect(await runVictim(world, step), at).toBe('killed');
  await expectWhole(world, expected, at);
}

/** How a deployer goes that is not killed. */
export async function undisturbed(scenario: Scenario, { newWorld }: Expected): Promise<Ended> {
  await using world = await newWorld(scenario);
  const ended = await runVictim(world, 0);
  expect(ended).toEqual({
    steps: expect.any(Number) as number,
    rehearsing: expect.any(Number) as number,
    recovered: expect.any(Number) as number,
    promoting: expect.any(Number) as number,
    turns: expect.any(Array) as number[],
    outcome: 'promoted',
  });
  return ended as Ended;
}

/** Runs a deployer that kills itself at a step, or is killed by `killer`. */
export async function runVictim(
  { scenario, root, database }: World,
  step: number,
  killer?: AbortSignal,
): Promise<Ended | 'killed'> {
  const order: Order = { scenario: scenario.name, place: { root, database }, step };
  const result = await execa(process.execPath, [victim, JSON.stringify(order)], {
    reject: false,
    killSignal: 'SIGKILL',
    ...(killer === undefined ? {} : { cancelSignal: killer }),
  });
  if (result.signal === 'SIGKILL') return 'killed';
  expect(result.stderr).toBe('');
  return JSON.parse(result.stdout) as Ended;
}
