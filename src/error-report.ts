import { ForerunError, messageOf } from './error.ts';
import type { ErrorReport } from './events.ts';

/** Whatever was thrown, as results, reports and documents speak of it. */
export function errorReport(thrown: unknown): ErrorReport {
  const { error, more } = unwrapped(thrown);
  const stack = error instanceof Error && error.stack !== undefined ? { stack: error.stack } : {};
  const message = [messageOf(error), ...more.map((other) => `While cleaning up: ${messageOf(other)}`)].join(' ');
  if (!(error instanceof ForerunError)) return { code: 'UNEXPECTED', message, ...stack };
  const where = 'where' in error.details && error.details.where !== undefined ? { where: error.details.where } : {};
  const about =
    'migration' in error.details && error.details.migration !== undefined ? { migration: error.details.migration } : {};
  const next = error.next === undefined ? {} : { next: error.next };
  return { code: error.code, message, ...next, ...about, ...where, ...stack };
}

/** Leaving an `await using` block on an error, with an error: the first is what happened, the others came after it. */
function unwrapped(thrown: unknown): { readonly error: unknown; readonly more: readonly unknown[] } {
  const more: unknown[] = [];
  let error = thrown;
  while (error instanceof Error && error.name === 'SuppressedError' && 'suppressed' in error && 'error' in error) {
    more.unshift(error.error);
    error = error.suppressed;
  }
  return { error, more };
}
