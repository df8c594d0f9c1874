import { isForerunError } from '../../src/error.ts';

/** PostgreSQL's code for what runs in no transaction: CREATE INDEX CONCURRENTLY, VACUUM, ALTER TYPE … ADD VALUE of old. */
const activeTransaction = '25001';

/** Adds to an error of that kind how the framework runs a migration in none. */
export function withoutTransaction(error: unknown, advice: string): unknown {
  if (!(error instanceof Error) || !('code' in error) || error.code !== activeTransaction) return error;
  if (isForerunError(error)) return error;
  const told = Object.assign(new Error(`${error.message}. ${advice}`, { cause: error }), { code: error.code });
  told.stack = (error.stack ?? '').replace(error.message, told.message);
  return told;
}
