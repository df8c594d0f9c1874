import { expect } from 'vitest';
import type { RunResult } from '../../src/result.ts';
import { up } from '../../src/run.ts';
import { baseline, repair } from '../../src/verbs/history.ts';
import { aftermath, expectLegal, inJournal, see, type Legal, type NewWorld, type Seen, type World } from './world.ts';

/** What is known of all worlds of one scenario. */
export interface Expected {
  readonly newWorld: NewWorld;
  readonly states: readonly Legal[];
  /** What was left behind in worlds that a next run has finished; absent where each is to be finished. */
  readonly finished?: Set<string>;
}

/** After a fault main is in a legal state, and the next run finishes the job without help. */
export async function expectWhole(world: World, { states, finished }: Expected, at: string): Promise<Seen> {
  const found = await expectLegal(world, states, at);
  const left = finished === undefined ? '' : await aftermath(world, found);
  if (finished?.has(left)) return found.seen;
  finished?.add(left);
  const untold = world.scenario.journalled?.untold ?? [];
  await expectNextRunFinishes(world, states, untold.includes(inJournal(found.entry)), at);
  return found.seen;
}

/** It leaves nothing of the one that failed. Where `asks`, it stops for a person first; else it needs none. */
async function expectNextRunFinishes(world: World, states: readonly Legal[], asks: boolean, at: string): Promise<void> {
  const { setup } = world;
  let next = await up(setup, { safe: true });
  if (asks) next = await asked(world, states, next, at);
  expect(next, `${at}: ${JSON.stringify(next)}`).toMatchObject({ exitCode: 0 });
  expect(await see(setup), at).toEqual(states.at(-1)?.seen);
  const copies = await setup.provider.list(setup.main);
  expect(
    copies.filter((copy) => copy.kind === 'branch' || copy.state === 'leftover'),
    at,
  ).toEqual([]);
  expect(await setup.driver.damage(setup.main), at).toEqual([]);
  const again = await up(setup, { safe: true });
  expect(again.outcome, `${at}: ${JSON.stringify(again.error)}`).toBe('nothing-pending');
}

/** Nobody but a person can tell: its words say what to do, and when that is done the next run finishes. */
async function asked(
  { setup }: World,
  states: readonly Legal[],
  { exitCode, error }: RunResult,
  at: string,
): Promise<RunResult> {
  expect(exitCode, at).toBe(4);
  expect(error, at).toMatchObject({ code: 'NEEDS_PERSON' });
  const name = /A run ended in the middle of (\S+): /.exec(error?.message ?? '')?.[1] ?? '';
  expect(error?.next, at).toContain(`forerun baseline ${name}`);
  expect(error?.next, at).toContain(`forerun repair ${name} --reason`);
  const { schema } = await see(setup);
  if (schema === states.at(-1)?.seen.schema) await baseline(setup, name);
  else await repair(setup, name, 'nothing of it is there');
  return up(setup, { safe: true });
}
