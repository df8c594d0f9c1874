import { messageOf } from './error.ts';
import { readJournal, releaseMain } from './promotion/claim.ts';
import type { Run } from './run-log.ts';
import type { Copy, ListedCopy } from './seams/provider.ts';
import { cleaningUp } from './telling.ts';

/**
 * Discards what the run made and nobody needs: its branches, its checkpoints where it promoted nothing, and the
 * checkpoints of runs beyond the retention; then says in main's journal that nothing is left to do. Works after an
 * interruption, too. What fails here changes nothing about what the run came to: it is said, and left to the next run.
 */
export async function leaveClean(run: Run): Promise<void> {
  const { provider, main } = run.setup;
  try {
    // Of a main that cannot be read any more a checkpoint may be all that is left: then nothing is thrown away.
    await readJournal(run);
    const copies = await provider.list(main);
    run.earlier = inOrder(copies, run);
    for (const copy of unneeded(copies, run)) await discard(run, copy);
    if (run.middle === undefined) await releaseMain(run, run.signal.aborted ? cleaningUp() : undefined);
  } catch (error) {
    run.note('tidy', `Something is left to clean up, which the next run will do: ${messageOf(error)}`);
  }
}

/** The runs that there are checkpoints of, oldest first, without this one. What the journal does not know came before it did. */
function inOrder(copies: readonly ListedCopy[], { id, earlier }: Run): readonly string[] {
  const runs = new Set(copies.flatMap((copy) => (copy.kind === 'checkpoint' ? (copy.run ?? []) : [])));
  runs.delete(id);
  const unknown = [...runs].filter((run) => !earlier.includes(run)).sort();
  return [...unknown, ...earlier.filter((run) => runs.has(run))];
}

/** Throws a copy away that nobody needs; what fails here is said, and left to the next run. */
export async function discardOrSay(run: Run, copy: Copy): Promise<void> {
  try {
    await discard(run, copy);
  } catch (error) {
    run.note('tidy', `${copy.id} is left, which the next run throws away: ${messageOf(error)}`);
  }
}

async function discard(run: Run, copy: Copy): Promise<void> {
  await run.setup.provider.discard(copy);
  run.emit({ type: 'copy:discarded', copy: copy.id });
}

function unneeded(copies: readonly ListedCopy[], run: Run): readonly ListedCopy[] {
  const isNeeded = ({ kind, id }: ListedCopy): boolean =>
    kind === 'checkpoint' && (run.inDoubt || run.waysBack.has(id));
  const needed = copies.some((copy) => copy.run === run.id && isNeeded(copy));
  // A run that leaves no way back takes no place among those that do.
  const kept = new Set([...run.earlier, ...(needed ? [run.id] : [])].slice(-run.setup.keepRuns));
  return copies.filter((copy) => {
    if (copy.run === undefined) return false;
    return copy.run === run.id ? !isNeeded(copy) : copy.kind === 'checkpoint' && !kept.has(copy.run);
  });
}
