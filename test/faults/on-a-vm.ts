import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { failAt, stepsOf } from './errors.ts';
import { killAt, undisturbed } from './kills.ts';
import type { Scenario } from './scenario.ts';
import type { VersWorlds } from './vers-world.ts';
import { legalStates, type Legal, type NewWorld } from './world.ts';

/** Scenarios on a VM of a stand-in for Vers, never of Vers itself. */
export interface OnVm {
  readonly worlds: () => Promise<VersWorlds>;
  readonly scenarios: readonly Scenario[];
  /**
   * A run there copies a whole machine several times, and asks for each thing by a program of its own, so that it takes
   * seconds: so many of its steps, evenly spread, stand for all. FORERUN_EVERY_STEP=1 has all of them taken.
   */
  readonly tried: number;
}

export function errorsOnVm({ worlds: begin, scenarios, tried }: OnVm): void {
  describe('on a VM, a driver or a provider that fails at some steps', () => {
    const worlds = begun(begin);
    test.each(scenarios)(
      '$name: never leaves main in a third state, says what failed, and leaves no VM and no commit',
      { timeout: timeoutMs },
      async (scenario) => {
        const { newWorld, expectNothingLeft } = worlds();
        const finished = new Set<string>();
        const expected = { newWorld, states: await statesOf(newWorld, scenario), finished };
        const { steps } = await stepsOf(scenario, expected);
        const some = spread(
          Array.from({ length: steps }, (_, at) => at + 1),
          tried,
        );
        for (const step of some) await failAt(step, scenario, expected);
        await expectNothingLeft();
        expect(finished.size).toBeGreaterThan(1);
        console.log(`${scenario.name}: ${some.length} errors of ${steps}, ${finished.size} aftermaths`);
      },
    );
  });
}

export function killsOnVm({ worlds: begin, scenarios, tried }: OnVm): void {
  describe('on a VM, a deployer killed at some steps', () => {
    const worlds = begun(begin);
    test.each(scenarios)(
      '$name: leaves main in a legal state, and the next run finishes the job and leaves no VM and no commit',
      { timeout: timeoutMs },
      async (scenario) => {
        const { newWorld, expectNothingLeft } = worlds();
        const finished = new Set<string>();
        const expected = { newWorld, states: await statesOf(newWorld, scenario), finished };
        const { turns } = await undisturbed(scenario, expected);
        expect(turns.length).toBeGreaterThan(30);
        const some = spread(turns, tried);
        for (const step of some) await killAt(step, scenario, expected);
        await expectNothingLeft();
        console.log(`${scenario.name}: ${some.length} kills of ${turns.length}, ${finished.size} aftermaths`);
      },
    );
  });
}

const known = new Map<string, readonly Legal[]>();

/** They are the same in every account. */
async function statesOf(newWorld: NewWorld, scenario: Scenario): Promise<readonly Legal[]> {
  const states = known.get(scenario.name) ?? (await legalStates(newWorld, scenario));
  known.set(scenario.name, states);
  return states;
}

const everyStep = (process.env['FORERUN_EVERY_STEP'] ?? '') !== '';
const timeoutMs = everyStep ? 7_200_000 : 300_000;

function begun(begin: () => Promise<VersWorlds>): () => VersWorlds {
  let worlds: VersWorlds | undefined;
  beforeAll(async () => {
    worlds = await begin();
  });
  afterAll(() => worlds?.[Symbol.asyncDispose]());
  return () => worlds as VersWorlds;
}

function spread(steps: readonly number[], count: number): readonly number[] {
  if (everyStep || steps.length <= count) return steps;
  return Array.from({ length: count }, (_, at) => steps[Math.ceil(((at + 1) * steps.length) / count) - 1] ?? 0);
}
