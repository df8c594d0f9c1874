import type { Event } from './events.ts';
import type { Violation, Where } from './seams/evidence.ts';

/** Every way in which Forerun itself fails, and what is known about it. A blocked migration is a result, not an error. */
export interface ErrorDetails {
  /** Wrong use: an option, a combination of options, a missing argument. */
  USAGE: object;
  /** The configuration is wrong; `keys` names where. */
  CONFIG: { readonly keys?: readonly string[]; readonly file?: string };
  /** The database's address is wrong, or what is there cannot be used. */
  BAD_TARGET: { readonly target: string };
  /** Nobody answers at the database's address, its server takes no connection at the moment, or a session was lost. */
  UNREACHABLE: { readonly target: string };
  /** A file that cannot be read as a migration, or two that claim the same place. */
  BAD_MIGRATION: { readonly where?: Where };
  /** Somebody else holds the run lock, or the database is locked by an application. */
  LOCKED: { readonly holder?: string };
  /** Another run took over while this one went on. */
  LOCK_LOST: { readonly run: string };
  /** Main was written by somebody since the checkpoint was taken. */
  STALE_BRANCH: object;
  /** A migration ended our transaction itself. */
  TRANSACTION_ESCAPED: { readonly where?: Where };
  /** A statement failed. */
  STATEMENT_FAILED: { readonly where: Where; readonly code?: string };
  /** A migration breaks a rule of the database, foreign keys for example. */
  INTEGRITY: { readonly violations: readonly Violation[] };
  /** A copy could not be made, used or thrown away. */
  PROVIDER_FAILED: { readonly copy?: string };
  /** No such checkpoint, branch or migration. */
  NOT_FOUND: { readonly name: string };
  /** The history table is another tool's, or was written by a newer Forerun. */
  FOREIGN_HISTORY: object;
  /** `up` of a migrator plugin did not promote; `result` says why. */
  BLOCKED: { readonly result: unknown };
  /** Main is in a state that only a person can judge. */
  NEEDS_PERSON: { readonly migration?: string };
  /** What a rehearsal in another process needs is missing. */
  NOT_REHEARSABLE: object;
  /** A run was interrupted by a signal. */
  INTERRUPTED: { readonly by: string };
}

export type ErrorCode = keyof ErrorDetails;

/**
 * The one error of this package. `message` says what failed and where; `next` what to do about it. Neither holds a
 * password or a value read from the database.
 */
export class ForerunError<Code extends ErrorCode = ErrorCode> extends Error {
  override readonly name = 'ForerunError';
  readonly code: Code;
  readonly details: ErrorDetails[Code];
  readonly next: string | undefined;
  /** What had happened in the run until then. */
  events: readonly Event[] = [];

  constructor(
    code: Code,
    message: string,
    options: { readonly details: ErrorDetails[Code]; readonly next?: string; readonly cause?: unknown },
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details;
    this.next = options.next;
  }
}

export function isForerunError<Code extends ErrorCode>(error: unknown, code?: Code): error is ForerunError<Code> {
  return error instanceof ForerunError && (code === undefined || error.code === code);
}

/**
 * The message of whatever was thrown: migrations reject with anything, a row of the database too, so that of an object
 * only the names of its members are said. Never throws.
 */
export function messageOf(error: unknown): string {
  if (error instanceof Error) return error.message;
  if (typeof error === 'string') return error;
  if (error === null || error === undefined) return `a value that is no Error was thrown: ${String(error)}`;
  if (typeof error !== 'object') return `a value that is no Error was thrown, a ${typeof error}`;
  // An error of another realm (of `vm`, of a test runner) is no `Error` of this one.
  if (Object.prototype.toString.call(error) === '[object Error]' && 'message' in error) return String(error.message);
  const names = Object.keys(error).slice(0, 10);
  return `a value that is no Error was thrown, an object${names.length === 0 ? '' : ` with ${names.join(', ')}`}`;
}
