import { isForerunError, messageOf } from '../error.ts';
import { checkpointMain } from '../rehearsal/checkpoint.ts';
import { rehearseFrom, rehearseOn, type RehearseChoices } from '../rehearsal/from.ts';
import type { Rehearsal, Step } from '../rehearsal/rehearse.ts';
import type { Ending, Run } from '../run-log.ts';
import type { Direction, Migration } from '../seams/source.ts';
import type { Checkpoint } from '../seams/provider.ts';
import { isOnMain, rolledBack } from './outcome.ts';
import { refuseChangedFile } from './promote.ts';
import { swap } from './swap.ts';

/** Promotes what passed in one step: main becomes the branch. */
export async function promoteBySwap(
  run: Run,
  base: Checkpoint,
  rehearsal: Rehearsal,
  passing: readonly Step[],
  choices: RehearseChoices,
): Promise<Ending> {
  const { source, provider } = run.setup;
  const migrations = passing.map((step) => step.migration);
  const taken: Checkpoint[] = [];
  let last = rehearsal;
  const again = async (): Promise<{ base: Checkpoint; rehearsal: Rehearsal }> => {
    await provider.discard(last.branch);
    const newer = await checkpointMain(run, migrations);
    taken.push(newer);
    last = await rehearseFrom(run, newer, migrations, choices);
    return { base: newer, rehearsal: last };
  };
  const start = performance.now();
  try {
    for (const migration of migrations) {
      await source.promoting?.(migration, choices.direction, true);
      await refuseChangedFile(run, migration);
    }
    // A branch on which a migration was blocked holds more than what passed.
    if (passing.length < rehearsal.steps.length) await again();
    for (const { name } of migrations) run.emit({ type: 'promoting', migration: name, how: 'swap' });
    last = await run.phase('promote', undefined, () =>
      swap(run, {
        base: taken.at(-1) ?? base,
        rehearsal: last,
        again,
        onto: (branch) => rehearseOn(run, branch, migrations, choices),
      }),
    );
  } catch (error) {
    const [first] = migrations;
    if (first === undefined || isForerunError(error, 'NEEDS_PERSON')) throw error;
    if (!(await areOnMain(run, migrations, choices.direction))) return rolledBack(run, first, error, 0);
    run.note('promotion', `The swap was in doubt (${messageOf(error)}); the history shows that it went through.`);
  } finally {
    for (const checkpoint of taken) await checkpoint[Symbol.asyncDispose]();
  }
  const checkpoint = taken.at(-1) ?? base;
  const ms = performance.now() - start;
  for (const [at, step] of last.steps.entries()) {
    const before = at === 0 ? checkpoint : step.snapshot;
    run.emit({
      type: 'promoted',
      migration: step.migration.name,
      how: 'swap',
      direction: choices.direction,
      ms,
      ...(before === undefined ? {} : { checkpoint: before.id }),
    });
  }
  for (const migration of migrations) await source.promoted?.(migration, choices.direction);
  return 'promoted';
}

async function areOnMain(run: Run, migrations: readonly Migration[], direction: Direction): Promise<boolean> {
  for (const migration of migrations) {
    if (!(await isOnMain(run, migration, direction))) return false;
  }
  return true;
}
