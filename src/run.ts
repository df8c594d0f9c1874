import { ForerunError, isForerunError } from './error.ts';
import { planned } from './planned.ts';
import { claimMain, releaseMain } from './promotion/claim.ts';
import { preload } from './preload.ts';
import { prepareChecks } from './rehearsal/checks.ts';
import { checkpointMain, chooseCopies } from './rehearsal/checkpoint.ts';
import { changedNothing } from './rehearsal/unchanged.ts';
import type { RehearseChoices } from './rehearsal/from.ts';
import { reconciled } from './reconcile.ts';
import { recover, tellUnfinished } from './recover.ts';
import { recorded, type Ending, type Run, type RunOptions } from './run-log.ts';
import type { RunResult } from './result.ts';
import type { Selection } from './plan.ts';
import type { Direction, Migration } from './seams/source.ts';
import type { Setup } from './setup.ts';
import { takeLock } from './lock.ts';
import { leaveClean, discardOrSay } from './tidy.ts';
import { verdict } from './gate.ts';

export interface UpOptions extends Selection, RunOptions {
  /** Rehearse on a branch first, and promote only what passed. @default false */
  readonly safe?: boolean;
  /** All in one step or none: by swap. @default false */
  readonly allOrNothing?: boolean;
  /** Promote the migrations before the first that is blocked. @default false */
  readonly promotePassing?: boolean;
}

export type DownOptions = Omit<UpOptions, 'promotePassing'>;

/** Applies pending migrations; with `safe`, behind a rehearsal. What does not pass is a result, not an exception. */
export async function up(setup: Setup, options: UpOptions = {}): Promise<RunResult> {
  return recorded(setup, 'up', options.safe ?? false, options, (run) => deploy(run, 'up', options));
}

/** Reverts applied migrations, the last one by default; with `safe`, behind a rehearsal. */
export async function down(setup: Setup, options: DownOptions = {}): Promise<RunResult> {
  return recorded(setup, 'down', options.safe ?? false, options, (run) => deploy(run, 'down', options));
}

/** Rehearses and judges; neither recovers nor writes anything on main. */
export async function gate(setup: Setup, options: Selection & RunOptions = {}): Promise<RunResult> {
  return recorded(setup, 'gate', true, options, async (run) => {
    await awaken(run);
    await run.setup.driver.examine(setup.main, 'reading');
    await tellUnfinished(run);
    const { selected, blocked } = await planned(run, 'up', options);
    if (blocked) return 'blocked';
    if (selected.length === 0) return 'nothing-pending';
    await prepareChecks(run);
    preload(run.setup.driver);
    await using base = await checkpointMain(run, selected);
    let needsPerson = false;
    try {
      const { rehearseFrom } = await import('./rehearsal/from.ts');
      const rehearsal = await rehearseFrom(run, base, selected, {
        direction: 'up',
        batch: false,
        checkEach: false,
        leavesNothing: true,
      });
      const blocked = rehearsal.steps.some((step) => verdict(step.findings) === 'block');
      const idle = !blocked && (await changedNothing(run, rehearsal));
      await discardOrSay(run, rehearsal.branch);
      return blocked ? 'blocked' : idle ? 'nothing-pending' : 'passed';
    } catch (error) {
      // What was written to main can be seen and undone by it alone.
      needsPerson = isForerunError(error, 'NEEDS_PERSON');
      throw error;
    } finally {
      if (!needsPerson) await discardOrSay(run, base);
    }
  });
}

async function deploy(run: Run, direction: Direction, options: UpOptions): Promise<Ending> {
  const { setup } = run;
  await awaken(run);
  await setup.driver.examine(setup.main);
  await using _lock = await run.phase('lock', undefined, () => takeLock(run));
  const hadDied = await run.phase('recover', undefined, () => recover(run));
  await reconciled(run);
  const { selected, blocked } = await planned(run, direction, options);
  if (blocked) return 'blocked';
  refuseInTheMiddle(run, selected, direction, options.safe ?? false);
  // What goes on safely says in the journal itself what has become of main.
  if (hadDied && (selected.length === 0 || !(options.safe ?? false))) {
    await claimMain(run);
    await releaseMain(run);
  }
  if (selected.length === 0) return 'nothing-pending';
  if (!(options.safe ?? false)) {
    const { applyDirectly } = await import('./promotion/direct.ts');
    return await applyDirectly(run, selected, direction);
  }
  if (options.allOrNothing ?? false) refuseWithoutSwap(setup);
  await prepareChecks(run);
  await chooseCopies(run);
  await claimMain(run);
  try {
    return await rehearseAndPromote(run, selected, direction, options);
  } finally {
    await run.phase('tidy', undefined, () => leaveClean(run));
  }
}

async function rehearseAndPromote(
  run: Run,
  selected: readonly Migration[],
  direction: Direction,
  options: UpOptions,
): Promise<Ending> {
  const { setup } = run;
  const choices: RehearseChoices = {
    direction,
    batch: options.allOrNothing ?? false,
    checkEach: options.promotePassing ?? false,
  };
  preload(setup.driver);
  await using base = await checkpointMain(run, selected);
  const { rehearseFrom } = await import('./rehearsal/from.ts');
  const rehearsal = await rehearseFrom(run, base, selected, choices);
  const blockedAt = rehearsal.steps.findIndex((step) => verdict(step.findings) === 'block');
  if (blockedAt === 0 || (blockedAt > 0 && !(options.promotePassing ?? false))) return 'blocked';
  if (blockedAt < 0 && (await changedNothing(run, rehearsal))) return 'nothing-pending';
  const passing = blockedAt < 0 ? rehearsal.steps : rehearsal.steps.slice(0, blockedAt);
  const canSwap = setup.provider.promote !== undefined;
  const bySwap = choices.batch || (canSwap && passing.some((step) => !step.shared));
  const ending = bySwap
    ? await (await import('./promotion/promote-swap.ts')).promoteBySwap(run, base, rehearsal, passing, choices)
    : await (await import('./promotion/promote.ts')).promoteInOrder(run, base, passing, direction);
  return blockedAt > 0 && ending === 'promoted' ? 'partly-promoted' : ending;
}

async function awaken(run: Run): Promise<void> {
  const woken = await run.setup.provider.awaken?.(run.setup.main);
  if (woken !== undefined) run.note('recovery', woken);
}

function refuseWithoutSwap({ provider }: Setup): void {
  if (provider.promote !== undefined) return;
  throw new ForerunError('USAGE', `All or nothing needs a swap, and the provider ${provider.name} cannot make one.`, {
    details: {},
    next: 'Leave --all-or-nothing out: each migration is promoted on its own, behind its own checkpoint.',
  });
}

/** Only a safe run that goes the same way knows how to go on, and it does so before anything else. */
function refuseInTheMiddle({ middle }: Run, [first]: readonly Migration[], direction: Direction, safe: boolean): void {
  if (middle === undefined) return;
  const { migration } = middle;
  const isFirst = first === undefined || first.name === migration;
  const goesOn = safe && direction === middle.direction;
  if (goesOn && first?.name === migration) return;
  const why =
    middle.direction === 'up'
      ? 'an earlier run ended in its middle'
      : 'an earlier run ended in the middle of its way back';
  const before = goesOn && !isFirst ? `, and ${first.name} comes before it` : '';
  throw new ForerunError('NEEDS_PERSON', `${migration} is on main in part: ${why}${before}.`, {
    details: { migration },
    next:
      goesOn && !isFirst
        ? `Take ${first.name} out of the migrations until ${migration} is whole: forerun ${direction} --safe`
        : `Go on from there with: forerun ${middle.direction} --safe`,
  });
}
