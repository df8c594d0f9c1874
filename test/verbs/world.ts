import { fingerprint } from '../../src/checksum.ts';
import { resolveConfig } from '../../src/config.ts';
import { up } from '../../src/run.ts';
import type { Setup } from '../../src/setup.ts';
import { branch, checkpoint } from '../../src/verbs/copies.ts';
import { promoteBranch } from '../../src/verbs/promote.ts';
import { rollback } from '../../src/verbs/rollback.ts';
import { newProject } from '../support/project.ts';
import { addAudit, addPhone } from './shop.ts';

/** Verbs that make main another database in one step. */
export const verbs = ['promote', 'rollback'] as const;
export type Verb = (typeof verbs)[number];

/** A project in which the verb has something to do: `wanted` is to become main. */
export interface World {
  readonly root: string;
  readonly setup: Setup;
}

/** Everything that a reader of main sees. */
export interface Seen {
  readonly schema: string;
  readonly contents: string;
  readonly history: readonly string[];
}

export async function newWorld(verb: Verb): Promise<World> {
  const project = await newProject({ journalMode: verb === 'promote' ? 'wal' : 'delete' });
  await project.migration('001_phone.sql', addPhone);
  const setup = await project.setup();
  if (verb === 'rollback') await checkpoint(setup, 'wanted');
  await up(setup, { safe: true });
  if (verb === 'rollback') project.write('DELETE FROM orders');
  else {
    const made = await branch(setup, { name: 'wanted' });
    await project.migration('002_audit.sql', addAudit);
    await up(await resolveConfig({ database: made.variable, root: project.root }));
  }
  return { root: project.root, setup };
}

export function setupAt(root: string): Promise<Setup> {
  return resolveConfig({ database: 'app.db', root, lockWaitSeconds: 20 });
}

export async function see({ driver, main }: Setup): Promise<Seen> {
  await using connection = await driver.open(main);
  const contents = await driver.contents(connection, await driver.tables(connection));
  const history = (await driver.history(connection).rows()).map((row) => row.name);
  return { schema: fingerprint(await driver.schema(connection)), contents: JSON.stringify([...contents]), history };
}

/** Answers with what failed, where something did. */
export async function perform(verb: Verb, setup: Setup): Promise<{ readonly done: boolean; readonly told: string }> {
  if (verb === 'promote') {
    const result = await promoteBranch(setup, 'wanted');
    return { done: result.outcome === 'promoted', told: JSON.stringify(result) };
  }
  try {
    return { done: true, told: JSON.stringify(await rollback(setup, 'wanted')) };
  } catch (error) {
    return { done: false, told: String(error) };
  }
}
