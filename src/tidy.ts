import { messageOf } from './error.ts';
import type { Run } from './run-log.ts';
import type { ListedCopy } from './seams/provider.ts';

/**
 * Discards what the run made and nobody needs: its branches, its checkpoints where it promoted nothing, and the
 * checkpoints of runs beyond the retention. Works after an interruption, too. What cannot be discarded is said.
 */
export async function tidy(run: Run): Promise<void> {
  const { provider, main } = run.setup;
  const copies = await provider.list(main);
  for (const copy of unneeded(copies, run)) {
    try {
      await provider.discard(copy);
    } catch (error) {
      run.note('tidy', `${copy.kind} ${copy.id} could not be discarded: ${messageOf(error)}`);
    }
  }
}

function unneeded(copies: readonly ListedCopy[], run: Run): readonly ListedCopy[] {
  const runs = [...new Set(copies.flatMap((copy) => (copy.kind === 'checkpoint' && copy.run !== undefined ? [copy.run] : [])))].sort();
  const kept = new Set(runs.slice(-run.setup.keepRuns));
  return copies.filter((copy) => {
    if (copy.run === undefined) return false;
    if (copy.run === run.id) return copy.kind === 'branch' || !run.keepCheckpoints;
    return copy.kind === 'checkpoint' && !kept.has(copy.run);
  });
}
