import { copyReport } from '../copy-report.ts';
import type { Run } from '../run-log.ts';
import type { Branch, Checkpoint } from '../seams/provider.ts';
import type { Direction, Migration } from '../seams/source.ts';
import { discardOrSay } from '../tidy.ts';
import { Restart } from './apply.ts';
import { rehearse, type Base, type Rehearsal } from './rehearse.ts';
import { noteSurroundings } from './surroundings.ts';

export interface RehearseChoices {
  readonly direction: Direction;
  /** Whether the migrations are promoted together, so that the states between them are kept from the branch. */
  readonly batch: boolean;
  /** Whether the user's checks run after every migration, or after the last alone. */
  readonly checkEach: boolean;
  /** Whether the checkpoint is left behind only where a person is needed. @default false */
  readonly leavesNothing?: boolean;
}

/** Makes a branch and rehearses on it; begins again on a new one where something is learnt that asks for it. */
export async function rehearseFrom(
  run: Run,
  base: Checkpoint,
  migrations: readonly Migration[],
  choices: RehearseChoices,
): Promise<Rehearsal> {
  const { driver, provider } = run.setup;
  // Of a copy at which nothing answers it cannot be looked for; then the whole branch is looked at.
  const brought = (base.dormant ?? false) ? undefined : driver.damage(base.target);
  // It is told where it is awaited.
  brought?.catch(() => undefined);
  try {
    for (;;) {
      // Whoever reads the base keeps it from being copied, where nobody may be connected to it.
      if (provider.alone !== undefined) await Promise.allSettled([brought]);
      const branch = await run.phase('branch', undefined, () =>
        provider.branch(base, {
          label: run.id,
          run: run.id,
          signal: run.signal,
          note: (message) => run.note('branch', message),
        }),
      );
      run.emit({ type: 'copy:made', kind: 'branch', copy: copyReport(branch) });
      try {
        await noteSurroundings(run, branch);
        return await rehearseOn(run, branch, migrations, choices, {
          checkpoint: base,
          ...(brought === undefined ? {} : { damage: brought }),
        });
      } catch (error) {
        if (!(error instanceof Restart)) {
          // What it failed with says more than what became of the branch.
          await discardOrSay(run, branch);
          throw error;
        }
        await provider.discard(branch);
        learn(run, error, migrations);
      }
    }
  } finally {
    // The base must not be thrown away while it is read.
    await brought?.catch(() => undefined);
  }
}

/** Rehearses on a branch that is there already; `base` is what it was made from. */
export async function rehearseOn(
  run: Run,
  branch: Branch,
  migrations: readonly Migration[],
  choices: RehearseChoices,
  base?: Base,
): Promise<Rehearsal> {
  const { checkpoints, provider } = run.setup;
  const each = checkpoints === 'each' && provider.promote !== undefined;
  return rehearse(run, branch, migrations, {
    direction: choices.direction,
    alone: run.learnt.escaped,
    snapshots: !each ? 'never' : choices.batch || run.learnt.unshared ? 'always' : 'if-swapped',
    checkEach: choices.checkEach,
    ...(base === undefined ? {} : { base }),
    leavesNothing: choices.leavesNothing ?? false,
  });
}

/** From so many migrations on, the state before each later one is kept, rather than to begin again for each. */
const manyUncompared = 3;

function learn(run: Run, restart: Restart, migrations: readonly Migration[]): void {
  const { uncompared } = run.learnt;
  if (restart.why === 'unshared') {
    run.tell(
      `The rehearsal begins again: ${restart.migration} shares no transaction with its history row, so the states between the migrations are kept.`,
    );
    run.learnt.unshared = true;
  } else if (restart.why === 'uncompared') {
    run.tell(
      `The rehearsal begins again: what ${restart.migration} did to rows is told only by the state before it, which is kept now.`,
    );
    uncompared.add(restart.migration);
    const at = migrations.findIndex(({ name }) => name === restart.migration);
    if (uncompared.size >= manyUncompared) for (const { name } of migrations.slice(at)) uncompared.add(name);
  } else {
    run.learnt.escaped.add(restart.migration);
    run.note(
      'rehearsal',
      'It ends the transaction that it is given (COMMIT or ROLLBACK); rehearsed again without one.',
      restart.migration,
    );
  }
}
