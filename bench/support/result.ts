/** One line of the table: what Forerun took, what its peer took in the same run, and what is aimed at. */
export interface Result {
  readonly measured: string;
  readonly peer: string;
  readonly forerun: string;
  /** What is compared with the target, in words: a ratio or a difference. */
  readonly comparison: string;
  readonly target: string;
  readonly met: boolean;
}

/** Answers with lines of the table; a measurement that is impossible here says why in `leftOut`. */
export interface Measured {
  readonly results: readonly Result[];
  readonly leftOut?: readonly string[];
}

export function markdown(machine: string, measured: readonly Measured[]): string {
  const results = measured.flatMap((one) => one.results);
  const rows = results.map((row) => [
    row.measured,
    row.peer,
    row.forerun,
    row.comparison,
    row.target,
    row.met ? 'yes' : '**no**',
  ]);
  const head = ['Measured', 'Peer', 'Forerun', 'Compared', 'Target', 'Met'];
  return [
    `Machine: ${machine}. Least of several rounds, in which peer and Forerun take turns; the median in brackets.`,
    '',
    ...[head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`),
    ...measured.flatMap((one) => one.leftOut ?? []).map((why) => `\nNot measured: ${why}.`),
  ].join('\n');
}
