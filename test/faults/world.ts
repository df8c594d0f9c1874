import { expect } from 'vitest';
import { fingerprint } from '../../src/checksum.ts';
import { up } from '../../src/run.ts';
import type { Setup } from '../../src/setup.ts';
import { newProject, type Project } from '../support/project.ts';
import { files, scenarioSetup, type Scenario } from './scenarios.ts';

/** What a reader of main sees: schema, history, and the rows that were there before. */
export interface Seen {
  readonly schema: string;
  readonly history: readonly string[];
  readonly users: readonly unknown[];
}

export interface World {
  readonly project: Project;
  /** Without faults. */
  readonly setup: Setup;
}

export async function newWorld(scenario: Scenario): Promise<World> {
  const project = await newProject({ journalMode: scenario === 'code-shared' ? 'wal' : 'delete' });
  for (const [name, text] of Object.entries(files[scenario])) await project.migration(name, text);
  return { project, setup: await scenarioSetup(project.root, scenario) };
}

export async function see({ driver, main }: Setup): Promise<Seen> {
  await using connection = await driver.open(main);
  const history = await driver.history(connection).rows();
  const users = await connection.query('SELECT id, email, name FROM users ORDER BY id');
  return { schema: fingerprint(await driver.schema(connection)), history: history.map((row) => row.name), users };
}

/** Every state that a reader of main may ever see: before, after each promotion, after all. */
export async function legalStates(scenario: Scenario): Promise<readonly Seen[]> {
  const { setup } = await newWorld(scenario);
  const states = [await see(setup)];
  const swapped = scenario === 'sql-swapped' || scenario === 'code-alone';
  if (!swapped) {
    await up(setup, { safe: true, step: 1 });
    states.push(await see(setup));
  }
  const result = await up(setup, { safe: true });
  expect(result, JSON.stringify(result.error)).toMatchObject({ outcome: 'promoted' });
  states.push(await see(setup));
  return states;
}

/** The next run finishes the job without help, and leaves nothing of the dead one. */
export async function expectNextRunFinishes({ setup }: World, states: readonly Seen[]): Promise<void> {
  expect(states).toContainEqual(await see(setup));
  const next = await up(setup, { safe: true });
  expect(next, JSON.stringify(next.error)).toMatchObject({ exitCode: 0 });
  expect(await see(setup)).toEqual(states.at(-1));
  const copies = await setup.provider.list(setup.main);
  expect(copies.filter((copy) => copy.kind === 'branch' || copy.state === 'leftover')).toEqual([]);
  expect(await setup.driver.damage(setup.main)).toEqual([]);
  expect((await up(setup, { safe: true })).outcome).toBe('nothing-pending');
}
