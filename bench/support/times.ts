/** Times of several rounds, in milliseconds. */
export interface Times {
  readonly min: number;
  readonly median: number;
  readonly all: readonly number[];
}

/**
 * Runs every way once a round, one after the other, so that whatever else the machine does meets all of them alike.
 * A way answers with the milliseconds that count.
 */
export async function alternate<Way extends string>(
  rounds: number,
  ways: Readonly<Record<Way, () => Promise<number>>>,
): Promise<Record<Way, Times>> {
  const names = Object.keys(ways) as Way[];
  const all = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Way, number[]>;
  for (let round = 1; round <= rounds; round += 1) {
    for (const name of names) all[name].push(await ways[name]());
    process.stderr.write(
      `  round ${round} of ${rounds}: ${names.map((name) => `${name} ${inWords(all[name].at(-1) ?? 0)}`).join(', ')}\n`,
    );
  }
  return Object.fromEntries(names.map((name) => [name, timesOf(all[name])])) as Record<Way, Times>;
}

export async function timed(step: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await step();
  return performance.now() - start;
}

export function timesOf(all: readonly number[]): Times {
  const sorted = all.toSorted((a, b) => a - b);
  return { min: sorted[0] ?? 0, median: sorted[Math.floor(sorted.length / 2)] ?? 0, all };
}

export function inWords(ms: number): string {
  if (ms >= 1000) return `${(ms / 1000).toFixed(2)} s`;
  return ms >= 100 ? `${ms.toFixed(0)} ms` : `${ms.toFixed(1)} ms`;
}

/** The least that was measured, and the median in brackets. */
export function bothInWords({ min, median }: Times): string {
  return `${inWords(min)} (${inWords(median)})`;
}
