import { copyReport } from '../copy-report.ts';
import { ForerunError } from '../error.ts';
import { verdict } from '../gate.ts';
import { takeLock } from '../lock.ts';
import { claimMain } from '../promotion/claim.ts';
import { lookAt } from '../look-at.ts';
import { recover } from '../recover.ts';
import { prepareChecks } from '../rehearsal/checks.ts';
import type { RunResult } from '../result.ts';
import { recorded, type Ending, type Run, type RunOptions } from '../run-log.ts';
import type { Branch, Checkpoint, ListedCopy } from '../seams/provider.ts';
import type { Setup } from '../setup.ts';
import { leaveClean } from '../tidy.ts';
import { ancestors, asBranch, describe, findCopy } from './find-copy.ts';
import { broughtBy, type Brought } from './promote/brought.ts';
import { judgeBranch } from './promote/judge.ts';
import { afterMove, movedSince } from './promote/moved.ts';
import { cannotSwap, stopped, swapIn } from './promote/swap-in.ts';

/**
 * Makes main what a branch is, in one atomic step, if main has not moved since the branch was made and the gates let
 * it pass. The branch is discarded afterwards; the checkpoint of main that was taken right before is the way back.
 */
export async function promoteBranch(setup: Setup, idOrLabel: string, options: RunOptions = {}): Promise<RunResult> {
  return recorded(setup, 'promote', true, options, async (run) => {
    if (setup.provider.promote === undefined) throw cannotSwap(setup.provider);
    await run.setup.driver.examine(setup.main);
    const copies = await setup.provider.list(setup.main);
    const branch = await findCopy(setup, idOrLabel, 'branch');
    if (branch.run !== undefined) throw inUse(branch);
    const base = baseOf(copies, branch);
    await prepareChecks(run);
    await using _lock = await run.phase('lock', undefined, () => takeLock(run));
    await run.phase('recover', undefined, () => recover(run));
    await claimMain(run);
    try {
      return await promoteFrom(run, base, branch);
    } finally {
      await run.phase('tidy', undefined, () => leaveClean(run));
    }
  });
}

async function promoteFrom(run: Run, base: ListedCopy, branch: ListedCopy): Promise<Ending> {
  const { provider, main } = run.setup;
  await using now = await run.phase('checkpoint', branch.label, () =>
    provider.checkpoint(main, { label: `before-promote-${branch.label}`, run: run.id, signal: run.signal }),
  );
  run.emit({ type: 'copy:made', kind: 'checkpoint', copy: copyReport(now) });
  // What is judged is what is promoted, whatever goes on writing the branch meanwhile.
  const candidate = await run.phase('branch', branch.label, () =>
    provider.branch(asBranch(branch), { label: run.id, run: run.id, signal: run.signal }),
  );
  run.emit({ type: 'copy:made', kind: 'branch', copy: copyReport(candidate) });
  const judged = await judgedFrom(run, { base, now, branch, candidate });
  return typeof judged === 'string' ? judged : await swapIn(run, branch, candidate, now, judged);
}

/** What the branch brings, where it passes; else what that makes of the run. */
async function judgedFrom(
  run: Run,
  {
    base,
    now,
    branch,
    candidate,
  }: { readonly base: ListedCopy; readonly now: Checkpoint; readonly branch: ListedCopy; readonly candidate: Branch },
): Promise<readonly Brought[] | Ending> {
  await using then = await lookAt(run.setup.provider, base, { label: `${run.id}-base`, run: run.id });
  await using today = await lookAt(run.setup.provider, now, { label: `${run.id}-main`, run: run.id });
  const [before, after] = [
    { ...base, target: then.target },
    { ...now, target: today.target },
  ];
  const moved = await run.phase('plan', 'main', () => movedSince(run.setup, before, after));
  if (moved.length > 0) return stopped(run, movedOn(branch, base, moved));
  const brought = await run.phase('plan', undefined, () => broughtBy(run, after, candidate));
  const findings = await run.phase('rehearse', branch.label, () => judgeBranch(run, before, candidate, brought));
  return verdict(findings) === 'block' ? 'blocked' : brought;
}

function movedOn(branch: ListedCopy, base: ListedCopy, moved: readonly string[]): string {
  return [
    `Main was written since ${describe(branch)} was made of ${describe(base)}: ${moved.join('; ')}.`,
    afterMove(branch),
  ].join('\n');
}

/** The checkpoint of main that a branch goes back to, through the branches in between. */
function baseOf(copies: readonly ListedCopy[], branch: ListedCopy): ListedCopy {
  const base = ancestors(copies, branch).find((copy) => copy.parent === undefined);
  if (base?.kind === 'checkpoint' && base.state === 'ready') return base;
  throw new ForerunError(
    'NOT_FOUND',
    `The checkpoint of main that ${describe(branch)} goes back to is gone, so whether main has moved cannot be told.`,
    {
      details: { name: branch.id },
      next: 'Make a new branch of main and do the work again there.',
    },
  );
}

function inUse(branch: ListedCopy): ForerunError<'USAGE'> {
  return new ForerunError(
    'USAGE',
    `${describe(branch)} belongs to run ${branch.run ?? ''}, which promotes it itself.`,
    {
      details: {},
      next: 'Promote a branch that you made: forerun branches',
    },
  );
}
