/**
 * Orders versions by their numbers, part by part: `10` comes after `9` and `1.10` after `1.9`; `1`, `01` and `1.0`
 * are equal. Numbers of any length compare exactly.
 */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [numbersOf(a), numbersOf(b)];
  for (let part = 0; part < Math.max(left.length, right.length); part++) {
    const [l, r] = [left[part] ?? 0n, right[part] ?? 0n];
    if (l !== r) return l < r ? -1 : 1;
  }
  return 0;
}

/** One spelling for all versions that are equal: `1` for `1`, `01` and `1.0`. */
export function plainVersion(version: string): string {
  return numbersOf(version)
    .join('.')
    .replace(/(?:\.0)+$/, '');
}

/** Version for a new migration after `last`, in the same shape and always sorted after it. */
export function nextVersion(last: string | undefined, now: Date): string {
  if (last === undefined) return stampOf(now).slice(0, 14);
  const digits = last.replaceAll(/\D/g, '');
  if (isStamp(digits)) return laterOf(last, fill(last, stampOf(now)));
  if (/^1\d{9}$/.test(last)) return laterOf(last, String(Math.floor(now.getTime() / 1000)));
  if (/^1\d{12}$/.test(last)) return laterOf(last, String(now.getTime()));
  return successor(last.split(/\D/, 1)[0] ?? '0');
}

function numbersOf(version: string): readonly bigint[] {
  return version.split(/\D+/).map(BigInt);
}

/** UTC, `yyyymmddhhmmss` and milliseconds. */
function stampOf(now: Date): string {
  return now.toISOString().replaceAll(/\D/g, '');
}

function isStamp(digits: string): boolean {
  return /^(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])/.test(digits);
}

/** Two migrations made in one second, or a clock that runs behind, must not give the same version or an older one. */
function laterOf(last: string, fresh: string): string {
  return compareVersions(fresh, last) > 0 ? fresh : fill(last, successor(last.replaceAll(/\D/g, '')));
}

/** Writes the digits into the shape of a version, so that `2024-01-31-120000` stays in that form. */
function fill(shape: string, digits: string): string {
  let next = 0;
  return shape.replaceAll(/\d/g, () => digits[next++] ?? '0');
}

function successor(digits: string): string {
  return String(BigInt(digits) + 1n).padStart(digits.length, '0');
}
