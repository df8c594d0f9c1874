import { ForerunError, messageOf } from '../error.ts';
import type { ErrorReport } from '../events.ts';

/** Whatever was thrown, as reports and documents speak of it. */
export function errorReport(error: unknown): ErrorReport {
  const stack = error instanceof Error && error.stack !== undefined ? { stack: error.stack } : {};
  if (!(error instanceof ForerunError)) return { code: 'UNEXPECTED', message: messageOf(error), ...stack };
  const next = error.next === undefined ? {} : { next: error.next };
  return { code: error.code, message: error.message, ...next, ...stack };
}
