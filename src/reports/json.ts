import type { RunResult } from '../result.ts';

/**
 * The one document of `--json`: two spaces, a line feed at the end, keys in the order in which the value has them. Maps
 * become objects; integers too large for JSON become text.
 */
export function json(value: unknown): string {
  return `${JSON.stringify(value, plainly, 2)}\n`;
}

/** The document of a run; where an error came from in the code is left out unless it is asked for. */
export function runDocument(result: RunResult, withStack: boolean = false): string {
  if (withStack || result.error === undefined) return json(result);
  const { stack: _, ...error } = result.error;
  return json({ ...result, error });
}

function plainly(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString();
  return value instanceof Map ? Object.fromEntries(value) : value;
}
