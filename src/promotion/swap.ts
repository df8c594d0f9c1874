import { ForerunError, isForerunError } from '../error.ts';
import { verdict } from '../gate.ts';
import type { Rehearsal } from '../rehearsal/rehearse.ts';
import type { Run } from '../run-log.ts';
import type { Branch, Checkpoint, Replacing } from '../seams/provider.ts';
import { journalRow, ownWork } from './claim.ts';

/** How often a batch is rehearsed again because main was written meanwhile. */
const tries = 3;

export interface SwapPlan {
  readonly base: Checkpoint;
  readonly rehearsal: Rehearsal;
  /** Takes a new checkpoint of main, branches from it and rehearses the batch there. */
  again(): Promise<{ readonly base: Checkpoint; readonly rehearsal: Rehearsal }>;
  /** Rehearses the batch on a branch that was just made anew from main. */
  onto(branch: Branch): Promise<Rehearsal>;
}

/**
 * Makes main the branch, with everything that was rehearsed on it, in one atomic step, and only if nobody wrote main
 * since the branch was made. An application that is never quiet is held off for the last try, where the provider can.
 */
export async function swap(run: Run, plan: SwapPlan): Promise<Rehearsal> {
  const { provider } = run.setup;
  if (provider.promote === undefined) throw impossible(provider.name);
  let { base, rehearsal } = plan;
  for (let attempt = 1; ; attempt += 1) {
    try {
      await stamp(run, rehearsal.branch);
      // Whatever goes wrong from here on, the checkpoints are the way back.
      run.inDoubt = true;
      await provider.promote(rehearsal.branch, base, replacing(run));
      run.inDoubt = false;
      return rehearsal;
    } catch (error) {
      if (!isForerunError(error, 'STALE_BRANCH')) throw error;
      run.inDoubt = false;
      run.note('promotion', `Main was written during the rehearsal (try ${attempt} of ${tries}).`);
      if (attempt === tries) return swapHeld(run, plan, rehearsal, error);
      ({ base, rehearsal } = await plan.again());
      refuseBlocked(rehearsal);
    }
  }
}

/** What a promotion by swap tells, and what ends its waiting. */
export function replacing(run: Run): Replacing {
  return { signal: run.signal, waiting: run.tell, note: (message) => run.note('promotion', message) };
}

async function swapHeld(run: Run, plan: SwapPlan, last: Rehearsal, stale: unknown): Promise<Rehearsal> {
  const { provider, main } = run.setup;
  if (provider.promoteHeld === undefined) throw stale;
  run.tell('Main is never quiet: holding its writers off, to rehearse the batch once more and to promote it.');
  let rehearsal = last;
  await provider.promoteHeld(last.branch, main, async () => {
    rehearsal = await plan.onto(last.branch);
    refuseBlocked(rehearsal);
    await stamp(run, last.branch);
    run.inDoubt = true;
  });
  run.inDoubt = false;
  run.note(
    'promotion',
    'Main was never quiet: its writers were held off while the batch was rehearsed once more and promoted.',
  );
  return rehearsal;
}

/** The branch carries main's journal with it: once it is main, the journal says that the swap is done. */
async function stamp(run: Run, branch: Branch): Promise<void> {
  const { driver, main } = run.setup;
  const identity = await driver.identity(main);
  await driver.transaction(branch.target, ownWork(), async (session) => {
    await driver.journal(session).write(identity, journalRow(run, 'swapped'));
  });
}

function refuseBlocked(rehearsal: Rehearsal): void {
  const finding = rehearsal.steps.flatMap((step) => step.findings).find((candidate) => candidate.severity === 'block');
  if (rehearsal.steps.some((step) => verdict(step.findings) === 'block') && finding !== undefined) {
    throw new ForerunError('STALE_BRANCH', `With main's newer rows the batch does not pass: ${finding.message}`, {
      details: {},
    });
  }
}

function impossible(provider: string): ForerunError<'PROVIDER_FAILED'> {
  return new ForerunError(
    'PROVIDER_FAILED',
    `The provider ${provider} cannot swap a branch in, and a pending migration cannot be replayed.`,
    {
      details: {},
      next: 'Give the migration a context that uses our connection, or write it as SQL.',
    },
  );
}
