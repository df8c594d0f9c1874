/**
 * The JSON in what the command line printed. It prints one document with its brackets at the beginnings of lines, but
 * warnings, debugging and news of a later release may stand before and behind. Undefined where there is none.
 */
export function jsonIn(stdout: string): unknown {
  const lines = stdout.split('\n');
  const starts = lines.flatMap((line, at) => (/^[[{]/.test(line) ? [at] : []));
  const ends = lines.flatMap((line, at) => (/[\]}]\s*$/.test(line) && /^[\]}[{]/.test(line) ? [at] : [])).toReversed();
  for (const start of starts) {
    for (const end of ends) {
      if (end < start) break;
      try {
        return JSON.parse(lines.slice(start, end + 1).join('\n'));
      } catch {
        // Not this one.
      }
    }
  }
  return undefined;
}
