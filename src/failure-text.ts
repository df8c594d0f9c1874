import type { MigrationFailure } from './seams/evidence.ts';

/** Why a migration did not apply, with the database's own code, and what to do where that is known. */
export function failureText({ message, code, next }: MigrationFailure): string {
  const why = code === undefined ? message : `${message} (${code})`;
  return next === undefined ? why : `${/[.!?]$/.test(why) ? why : `${why}.`} ${next}`;
}
