/** What a rehearsal does not see, so that nobody takes its silence for an answer. */
export function notComparedText(kinds: readonly string[]): string {
  return `Not compared, and what a migration does to them is not seen: ${kinds.join(', ')}.`;
}
