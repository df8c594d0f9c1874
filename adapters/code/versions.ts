import { versionKey } from '../../src/with-version.ts';

/**
 * The version of each name. Names are the key, and several may begin with one number or date, `2` and `002` among them:
 * the version is that beginning where it is unique, else the whole name.
 */
export function versionsOf(all: readonly string[]): (name: string) => string {
  const names = new Map<string, Set<string>>();
  const keyOf = (name: string): string => versionKey(prefixOf(name));
  for (const name of all) names.set(keyOf(name), (names.get(keyOf(name)) ?? new Set()).add(name));
  return (name) => (names.get(keyOf(name))?.size === 1 ? prefixOf(name) : name);
}

/** Digits and what joins them in numbers, dates and times: `003`, `2024.01.31T12.00.00`. */
function prefixOf(name: string): string {
  return /^\d+(?:[._T-]\d+(?=[._T-]|$))*/.exec(name)?.[0] ?? name;
}
