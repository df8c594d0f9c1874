import type { SourceSetup } from '../../src/seams/adapter.ts';
import type { Attempt, Direction } from '../../src/seams/source.ts';
import type { Target } from '../../src/seams/target.ts';
import { rehearseInChild, type ChildPlace } from '../children/children.ts';
import { tellable } from '../code/engine-error.ts';
import { located } from '../code/located.ts';
import { withoutTransaction } from '../code/without-transaction.ts';
import type { Description } from './list.ts';
import type { KnexProject } from './project.ts';
import { recorded, recordNow, type Memory, type Recording } from './recording.ts';
import { runMigration } from './run.ts';
import { writeTo } from './write-to.ts';

/** What a source needs to apply its migrations. */
export interface Place {
  readonly project: KnexProject;
  readonly setup: SourceSetup;
  readonly memory: Memory;
  /** How a child process comes to the same project; undefined where it cannot. */
  readonly child: Pick<ChildPlace, 'finder' | 'what'> | undefined;
}

/** Applies one migration to main, or to a branch: in a child process where that is possible. */
export async function applyMigration(
  place: Place,
  { name, file }: Description,
  direction: Direction,
  target: Target,
  attempt: Attempt,
): Promise<void> {
  const { project, setup, memory } = place;
  const { driver, main, databaseVariable } = setup;
  const recording: Recording = { project, memory, main, target, name, direction };
  const told = recorded(recording, attempt);
  try {
    if (target.url === main.url || place.child === undefined) {
      if (target.url !== main.url) sayHere(attempt, target);
      await runMigration(project, driver, target, told.attempt, name, direction);
    } else
      await rehearseInChild({ ...place.child, main, driver, databaseVariable, target }, name, direction, told.attempt);
    // What ran in no transaction of ours is written into the record right after.
    if (!told.isDone())
      await writeTo(driver, target, (session) => recordNow(recording, session, attempt.run), attempt.run);
  } catch (error) {
    throw located(withoutTransaction(tellable(driver, error), configOf(file)), file);
  }
}

/** What a migration exports that is to have no transaction, in the language of its file. */
function configOf(file: string | undefined): string {
  const isModule = file !== undefined && /\.(?:mjs|m?ts)$/.test(file);
  return `Have it run in none: ${isModule ? 'export const config' : 'exports.config'} = { transaction: false };`;
}

function sayHere(attempt: Attempt, target: Target): void {
  if (!rehearsedHere.has(target.url)) attempt.note(inThisProcess);
  rehearsedHere.add(target.url);
}

const inThisProcess =
  'Rehearsed in this process, where a migration that opens a connection of its own reaches main; with `module: import.meta.url` it is rehearsed in a child process that refuses to open main.';

/** Branches for which that was said. */
const rehearsedHere = new Set<string>();
