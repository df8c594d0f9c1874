/** What stands below the options in a verb's help. */
export function helpAfter(
  examples: readonly (readonly [command: string, what: string])[],
  codes: readonly (keyof typeof exitCodes)[],
): string {
  const width = Math.max(...examples.map(([command]) => command.length));
  return [
    '',
    'Examples:',
    ...examples.map(([command, what]) => `  $ ${command.padEnd(width)}  ${what}`),
    '',
    'Exit codes:',
    ...codes.map((code) => `  ${String(code).padEnd(7)}  ${codes.includes(3) ? exitCodes[code] : plain(code)}`),
  ].join('\n');
}

/** Nothing is promoted by a verb that is never blocked. */
function plain(code: keyof typeof exitCodes): string {
  return code === 1 ? 'Forerun or the environment failed' : exitCodes[code];
}

/** A contract: scripts depend on it. */
export const exitCodes = {
  0: 'done, or nothing to do',
  1: 'Forerun or the environment failed before anything was promoted',
  2: 'wrong use or configuration',
  3: 'blocked or rolled back: main is as it was before the migration that failed',
  4: 'main needs a person',
  '130/143': 'interrupted by Ctrl-C / SIGTERM, and cleaned up',
} as const;

/** Of a verb that runs migrations, and of one that does not. */
export const runCodes: readonly (keyof typeof exitCodes)[] = [0, 1, 2, 3, 4, '130/143'];
export const plainCodes: readonly (keyof typeof exitCodes)[] = [0, 1, 2];
export const longCodes: readonly (keyof typeof exitCodes)[] = [0, 1, 2, '130/143'];
