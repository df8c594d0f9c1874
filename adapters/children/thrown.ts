import { ForerunError, messageOf, type ErrorCode, type ErrorDetails } from '../../src/error.ts';

/** Whatever was thrown in another process. */
export interface ThrownReport {
  readonly message: string;
  readonly code?: string;
  readonly stack?: string;
  /** Present where it is an error of ours, whose code has a meaning. */
  readonly ours?: { readonly details: unknown; readonly next: string | undefined };
}

export function reportOf(error: unknown): ThrownReport {
  if (!(error instanceof Error)) return { message: messageOf(error) };
  const code = 'code' in error && typeof error.code === 'string' ? { code: error.code } : {};
  const stack = error.stack === undefined ? {} : { stack: error.stack };
  // By name: in the other process this package may be loaded twice.
  const ours =
    error.name === 'ForerunError' ? { ours: { details: detailsOf(error), next: (error as ForerunError).next } } : {};
  return { message: error.message, ...code, ...stack, ...ours };
}

export function asError({ message, code, stack, ours }: ThrownReport): Error {
  const error =
    ours === undefined
      ? Object.assign(new Error(message), code === undefined ? {} : { code })
      : new ForerunError(code as ErrorCode, message, {
          details: ours.details as ErrorDetails[ErrorCode],
          ...(ours.next === undefined ? {} : { next: ours.next }),
        });
  if (stack !== undefined) error.stack = stack;
  return error;
}

/** What details hold can be copied, save the result that only `up` itself puts there. */
function detailsOf(error: Error): unknown {
  const { details } = error as ForerunError;
  return JSON.parse(JSON.stringify(details ?? {}));
}
