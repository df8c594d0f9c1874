import type { Drift } from '../plan.ts';
import { relative } from './findings-text.ts';
import type { View } from './style.ts';

/** What was changed in files that had been applied already. */
export function driftDiffs(drift: readonly Drift[], view: View): readonly string[] {
  return drift.flatMap((one) => {
    if (one.kind !== 'changed' || one.diff === undefined) return [];
    const title = `Changed since it was applied: ${one.file === undefined ? one.name : relative(one.file, view.cwd)}`;
    return ['', view.style.bold(title), ...painted(one.diff, view)];
  });
}

function painted(diff: string, { style }: View): readonly string[] {
  // The head of a patch repeats the names that stand above it.
  const body = diff.split('\n').filter((line) => !/^(Index: |=+$|--- |\+\+\+ |\\ )/.test(line));
  return body
    .filter((line) => line !== '')
    .map((line) =>
      line.startsWith('+') ? style.green(line) : line.startsWith('-') ? style.red(line) : style.dim(line),
    )
    .map((line) => `  ${line}`);
}
