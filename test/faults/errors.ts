import { expect } from 'vitest';
import { up } from '../../src/run.ts';
import { withSteps } from '../support/fault.ts';
import { expectWhole, type Expected } from './expect-whole.ts';
import type { Scenario } from './scenario.ts';

/** How many steps a run takes, and at which of them the first migration is run. */
export async function stepsOf(
  scenario: Scenario,
  { newWorld }: Expected,
): Promise<{ readonly steps: number; readonly rehearsing: number }> {
  await using world = await newWorld(scenario);
  let steps = 0;
  let rehearsing = 0;
  const atStep = (): void => void (steps += 1);
  const result = await up(withSteps(await scenario.setup(world, atStep), atStep), {
    safe: true,
    onEvent(event) {
      if (event.type === 'phase:started' && event.phase === 'rehearse') rehearsing ||= steps + 1;
    },
  });
  expect(result.outcome).toBe('promoted');
  return { steps, rehearsing };
}

/**
 * Throws at one step of a run, in a fresh world: main is whole, the result says what failed and what is on main, and the
 * next run needs no help.
 */
export async function failAt(failing: number, scenario: Scenario, expected: Expected): Promise<void> {
  await using world = await expected.newWorld(scenario);
  let step = 0;
  let at = '';
  const atStep = (name: string): void => {
    step += 1;
    if (step !== failing) return;
    at = `${scenario.name}: ${name} (step ${failing})`;
    throw new Error(`fault at step ${failing}`);
  };
  const result = await up(withSteps(await scenario.setup(world, atStep), atStep), { safe: true });
  const told = JSON.stringify(result);
  // Where others were at work while the steps were counted, there were more: then nothing failed.
  if (step < failing) expect(result.outcome).toBe('promoted');
  else expect(told, at).toContain(`fault at step ${failing}`);
  const promoted = result.migrations
    .filter((migration) => migration.outcome === 'promoted')
    .map((migration) => migration.name);
  const seen = await expectWhole(world, expected, `${at}: ${told}`);
  expect([...(expected.states[0]?.seen.history ?? []), ...promoted], at).toEqual(seen.history);
}
