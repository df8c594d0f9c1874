/**
 * The version of each name. Names are the key, and several may begin with one number or date: the version is that
 * beginning where it is unique, else the whole name.
 */
export function versionsOf(all: readonly string[]): (name: string) => string {
  const names = new Map<string, Set<string>>();
  for (const name of all) names.set(prefixOf(name), (names.get(prefixOf(name)) ?? new Set()).add(name));
  return (name) => (names.get(prefixOf(name))?.size === 1 ? prefixOf(name) : name);
}

/** Digits and what joins them in numbers, dates and times: `003`, `2024.01.31T12.00.00`. */
function prefixOf(name: string): string {
  return /^\d+(?:[._T-]\d+(?=[._T-]|$))*/.exec(name)?.[0] ?? name;
}
