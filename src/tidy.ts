import { messageOf } from './error.ts';
import { readJournal, releaseMain } from './promotion/claim.ts';
import type { Run } from './run-log.ts';
import type { ListedCopy } from './seams/provider.ts';

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
    for (const copy of unneeded(await provider.list(main), run)) await provider.discard(copy);
    if (run.middle === undefined) await releaseMain(run);
  } catch (error) {
    run.note('tidy', `Something is left to clean up, which the next run will do: ${messageOf(error)}`);
  }
}

function unneeded(copies: readonly ListedCopy[], run: Run): readonly ListedCopy[] {
  const runs = [
    ...new Set(copies.flatMap((copy) => (copy.kind === 'checkpoint' && copy.run !== undefined ? [copy.run] : []))),
  ].sort();
  const kept = new Set(runs.slice(-run.setup.keepRuns));
  return copies.filter((copy) => {
    if (copy.run === undefined) return false;
    if (copy.run === run.id) return copy.kind === 'branch' || !(run.inDoubt || run.waysBack.has(copy.id));
    return copy.kind === 'checkpoint' && !kept.has(copy.run);
  });
}
