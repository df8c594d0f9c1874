/** Those with that version; else with the same number, so that people may type `3` for `003`. */
export function withVersion<Versioned extends { readonly version: string }>(
  all: readonly Versioned[],
  version: string,
): readonly Versioned[] {
  const exact = all.filter((one) => one.version === version);
  return exact.length > 0 ? exact : all.filter((one) => versionKey(one.version) === versionKey(version));
}

/**
 * The same for two that are one version, as `2` and `002` are. Text: a version made of a time to the microsecond is larger
 * than what a number holds exactly.
 */
export function versionKey(version: string): string {
  return /^\d+$/.test(version) ? version.replace(/^0+(?=\d)/, '') : version;
}
