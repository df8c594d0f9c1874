import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { up } from '../../src/run.ts';
import { withSteps } from '../support/fault.ts';
import { newWorld, perform, see, setupAt, verbs, type Seen, type Verb, type World } from './world.ts';

/** Compiled before the tests. */
const victim = fileURLToPath(new URL('../../dist/test/test/verbs/victim.js', import.meta.url));

/** The states before and after. */
async function legalStates(verb: Verb): Promise<readonly [Seen, Seen]> {
  const { setup } = await newWorld(verb);
  const before = await see(setup);
  const { done, told } = await perform(verb, setup);
  expect(done, told).toBe(true);
  return [before, await see(setup)];
}

/** Main is in one of the two states; the verb, or the next run, goes on without help and leaves nothing behind. */
async function expectWhole(
  verb: Verb,
  { setup }: World,
  [before, after]: readonly [Seen, Seen],
  at: string,
  told = '',
): Promise<void> {
  const seen = await see(setup);
  expect([before, after], at).toContainEqual(seen);
  if (JSON.stringify(seen) !== JSON.stringify(after)) {
    const { done, told } = await perform(verb, setup);
    expect(done, `${at}: ${told}`).toBe(true);
  }
  expect(await see(setup), at).toEqual(after);
  const next = await up(setup, { safe: true });
  expect(next.exitCode, `${at}: ${JSON.stringify(next)}`).toBe(0);
  const copies = await setup.provider.list(setup.main);
  const left = copies.filter((copy) => copy.run !== undefined && (copy.kind === 'branch' || copy.state === 'leftover'));
  expect(
    left.filter((copy) => !told.includes(`${copy.label} is left over`)),
    at,
  ).toEqual([]);
  expect(
    copies.map((copy) => copy.label),
    at,
  ).toContain(verb === 'promote' ? 'before-promote-wanted' : 'wanted');
  expect(await setup.driver.damage(setup.main)).toEqual([]);
}

async function runVictim(verb: Verb, root: string, step: number): Promise<number | 'killed'> {
  const order = JSON.stringify({ root, verb, step });
  const result = await execa(process.execPath, [victim, order], { reject: false });
  if (result.signal === 'SIGKILL') return 'killed';
  expect(result.stderr).toBe('');
  const { steps, done } = JSON.parse(result.stdout) as { steps: number; done: boolean };
  expect(done).toBe(true);
  return steps;
}

describe.each(verbs)('%s', (verb) => {
  test(
    'leaves main whole whichever step of the driver or the provider fails, and tells the truth',
    { timeout: 300_000 },
    async () => {
      const states = await legalStates(verb);
      let steps = 0;
      await perform(
        verb,
        withSteps((await newWorld(verb)).setup, () => void (steps += 1)),
      );
      expect(steps).toBeGreaterThan(20);
      for (let failing = 1; failing <= steps; failing += 1) {
        const world = await newWorld(verb);
        let step = 0;
        let at = '';
        const faulty = withSteps(await setupAt(world.root), (name) => {
          step += 1;
          if (step !== failing) return;
          at = `${name} (step ${failing})`;
          throw new Error(`fault at step ${failing}`);
        });
        const { done, told } = await perform(verb, faulty);
        if (done) expect(await see(world.setup), at).toEqual(states[1]);
        else expect(told, at).toContain(`fault at step ${failing}`);
        expect(done, `${at}: ${told}`).toBe(JSON.stringify(await see(world.setup)) === JSON.stringify(states[1]));
        await expectWhole(verb, world, states, at, told);
      }
    },
  );

  test('leaves main whole when it is killed at any step', { timeout: 600_000 }, async () => {
    const states = await legalStates(verb);
    const steps = await runVictim(verb, (await newWorld(verb)).root, 0);
    let next = 1;
    const worker = async (): Promise<void> => {
      for (let step = next++; step <= Number(steps); step = next++) {
        const world = await newWorld(verb);
        expect(await runVictim(verb, world.root, step)).toBe('killed');
        await expectWhole(verb, world, states, `killed at step ${step}`);
      }
    };
    await Promise.all([worker(), worker()]);
  });
});
