/** `8 ms`, `1.2 s`, `2 min 5 s`. */
export function duration(ms: number): string {
  if (ms < 999.5) return `${ms < 9.95 && ms > 0 ? Math.max(0.1, round1(ms)) : Math.round(ms)} ms`;
  if (ms < 59_950) return `${round1(ms / 1000)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** `512 B`, `12.3 kB`, `1.5 GB`, in powers of 1000. */
export function size(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 99.5 ? Math.round(value) : round1(value)} ${units[unit]}`;
}

/** `just now`, `5 min`, `3 h`, `12 days`. */
export function age(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 1) return 'just now';
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.floor(hours / 24)} days`;
}

/** `1 row`, `2 rows`. */
export function count(amount: number, one: string, many: string = `${one}s`): string {
  return `${amount} ${amount === 1 ? one : many}`;
}

/** `+3`, `-2`, `0`. */
export function signed(amount: number): string {
  return amount > 0 ? `+${amount}` : `${amount}`;
}

function round1(value: number): number {
  return Math.round(value * 10) / 10;
}
