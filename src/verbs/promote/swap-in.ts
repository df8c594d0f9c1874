import { ForerunError, isForerunError, messageOf } from '../../error.ts';
import { journalRow, ownWork, readJournal } from '../../promotion/claim.ts';
import { replacing } from '../../promotion/swap.ts';
import { reconciled } from '../../reconcile.ts';
import type { Ending, Run } from '../../run-log.ts';
import type { Branch, Checkpoint, ListedCopy, Provider } from '../../seams/provider.ts';
import { throwAway } from '../discard.ts';
import { describe } from '../find-copy.ts';
import type { Brought } from './brought.ts';
import { afterMove } from './moved.ts';

/** Makes main the candidate, a copy of the branch that was judged, if nobody wrote main since `now` was taken of it. */
export async function swapIn(
  run: Run,
  branch: ListedCopy,
  candidate: Branch,
  now: Checkpoint,
  brought: readonly Brought[],
): Promise<Ending> {
  const { source } = run.setup;
  const start = performance.now();
  try {
    for (const { migration, direction } of brought) if (migration) await source.promoting?.(migration, direction, true);
  } catch (error) {
    run.signal.throwIfAborted();
    return stopped(run, `The project's own code stopped the promotion: ${messageOf(error)}`);
  }
  for (const { name } of brought) run.emit({ type: 'promoting', migration: name, how: 'swap' });
  try {
    await run.phase('promote', branch.label, () => swap(run, candidate, now, brought.at(-1)));
  } catch (error) {
    if (isForerunError(error, 'STALE_BRANCH')) return stopped(run, `${error.message}\n${afterMove(branch)}`);
    if (!(await isSwapped(run))) throw error;
    run.note('promotion', `The swap was in doubt (${messageOf(error)}); main's journal shows that it went through.`);
  }
  const ms = performance.now() - start;
  for (const { name, direction } of brought) {
    run.emit({ type: 'promoted', migration: name, how: 'swap', direction, ms, checkpoint: now.id });
  }
  await afterwards(run, branch);
  for (const { migration, direction } of brought) if (migration) await source.promoted?.(migration, direction);
  return 'promoted';
}

/** Says what stopped the promotion; main is as it was. */
export function stopped(run: Run, message: string): Ending {
  run.emit({ type: 'finding', finding: { gate: 'promotion', severity: 'block', message } });
  return 'rolled-back';
}

/** The candidate carries main's journal along; it says that the swap is done once the candidate is main. */
async function swap(run: Run, candidate: Branch, now: Checkpoint, last: Brought | undefined): Promise<void> {
  const { driver, provider, main } = run.setup;
  if (provider.promote === undefined) throw cannotSwap(provider);
  const identity = await driver.identity(main);
  await driver.transaction(candidate.target, ownWork(), async (session) => {
    await driver.journal(session).write(identity, journalRow(run, 'swapped', last?.name, now.id));
  });
  run.signal.throwIfAborted();
  // Before, so that the way back is kept however this ends.
  run.waysBack.add(now.id);
  try {
    await provider.promote(candidate, now, replacing(run));
  } catch (error) {
    if (isForerunError(error, 'STALE_BRANCH')) run.waysBack.delete(now.id);
    throw error;
  }
}

/** Whether the candidate is main: only it has ever said `swapped` of this run. */
async function isSwapped(run: Run): Promise<boolean> {
  const entry = await readJournal(run).catch(() => undefined);
  return entry?.run === run.id && entry.phase === 'swapped';
}

/** Main is the branch for good: what fails from here on changes nothing about that, and is said. */
async function afterwards(run: Run, branch: ListedCopy): Promise<void> {
  const { provider, main } = run.setup;
  try {
    await reconciled(run);
    const children = (await provider.list(main)).filter((copy) => copy.parent === branch.id && copy.run !== run.id);
    if (children.length === 0) await throwAway(run.setup, branch);
    else
      run.note(
        'tidy',
        `${describe(branch)} stays, because others were made from it: ${children.map(describe).join(', ')}.`,
      );
  } catch (error) {
    run.note('tidy', `Main is what the branch was, but something is left to do: ${messageOf(error)}`);
  }
}

export function cannotSwap({ name }: Provider): ForerunError<'PROVIDER_FAILED'> {
  return new ForerunError('PROVIDER_FAILED', `The provider ${name} cannot make a branch main.`, {
    details: {},
    next: 'Promote the migrations instead: forerun up --safe',
  });
}
