import { setTimeout as sleep } from 'node:timers/promises';
import { ForerunError } from '../../error.ts';

export interface Patience {
  /** Gives up after this many milliseconds. @default 30000 */
  readonly waitMs?: number;
  /** What was waited for the same before, in milliseconds: it counts. @default 0 */
  readonly waitedMs?: number;
  /** The longest pause between two tries, in milliseconds; asked anew before each. @default 25 */
  readonly mostPauseMs?: number;
  readonly signal?: AbortSignal | undefined;
  /** Ends the waiting, and nothing else: what is free is done all the same. */
  readonly givingUp?: AbortSignal | undefined;
  /** For the message: what could not be done. */
  readonly what: string;
  /** Told once, after a second. */
  readonly waiting?: ((message: string) => void) | undefined;
}

/** Nobody wants to read of shorter waits, in milliseconds. */
export const worthTelling = 1000;

export const usualWaitMs = 30_000;

export function waitingWords(what: string, limit: number): string {
  return `Another program has the database locked (${what}); waiting for up to ${limit / 1000} s.`;
}

/** Tries until the database is not locked, without blocking the event loop. Throws `LOCKED` at the limit. */
export async function whenFree<T>(attempt: () => T, patience: Patience): Promise<T> {
  const limit = patience.waitMs ?? usualWaitMs;
  const start = performance.now() - (patience.waitedMs ?? 0);
  let told = patience.waiting === undefined;
  for (let pause = 1; ; pause = Math.min(pause * 2, patience.mostPauseMs ?? 25)) {
    patience.signal?.throwIfAborted();
    try {
      return attempt();
    } catch (error) {
      if (!isBusy(error)) throw error;
      patience.givingUp?.throwIfAborted();
      const waited = performance.now() - start;
      if (waited >= limit) throw lockedFor(limit, patience.what, error);
      if (!told && waited >= worthTelling) {
        told = true;
        patience.waiting?.(waitingWords(patience.what, limit));
      }
    }
    await sleep(pause);
  }
}

export function isBusy(error: unknown): boolean {
  const code = codeOf(error);
  return code !== undefined && (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED'));
}

/** SQLite's own code of an error, e.g. `SQLITE_CONSTRAINT_UNIQUE`. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** SQLite has no code of its own for a text that it cannot read; it reads the text before it looks anything up. */
export function isNoStatement(error: unknown): boolean {
  const words = /^(?:near ".*": syntax error|incomplete input|unrecognized token: .*)$/s;
  return codeOf(error) === 'SQLITE_ERROR' && error instanceof Error && words.test(error.message);
}

function lockedFor(limit: number, what: string, cause: unknown): ForerunError<'LOCKED'> {
  return new ForerunError('LOCKED', `The database stayed locked by another process for ${limit / 1000} s: ${what}.`, {
    details: {},
    next: 'Look for a long transaction in the application (or a database browser with unsaved changes), then try again.',
    cause,
  });
}
