/** Those with that version; else with the same number, so that people may type `3` for `003`. */
export function withVersion<Versioned extends { readonly version: string }>(
  all: readonly Versioned[],
  version: string,
): readonly Versioned[] {
  const exact = all.filter((one) => one.version === version);
  return exact.length > 0 ? exact : all.filter((one) => isSameNumber(one.version, version));
}

/** As text: a version made of a time to the microsecond is larger than what a number holds exactly. */
function isSameNumber(a: string, b: string): boolean {
  return [a, b].every((text) => /^\d+$/.test(text)) && withoutZeros(a) === withoutZeros(b);
}

function withoutZeros(digits: string): string {
  return digits.replace(/^0+(?=\d)/, '');
}
