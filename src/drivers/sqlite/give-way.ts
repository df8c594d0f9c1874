import { usualWaitMs, whenFree, type Patience } from './busy.ts';
import type { SqliteDatabase } from './client.ts';

/** For so long, in milliseconds, the first COMMIT keeps new readers out; each further one twice as long as the last. */
const firstHoldMs = 500;

/** How much of the limit is left when readers who follow each other without a gap are given way to no more. */
const lastShare = 1 / 8;

/**
 * Commits a transaction without being in the readers' way for long. In rollback-journal mode whoever reads holds off the
 * last step of a COMMIT, and a COMMIT that waits for it keeps new readers out. So it waits for a moment, then rolls the
 * transaction back, so that they come in again, and asks from time to time whether nobody reads. Answers whether it is
 * committed: else the transaction is to be begun anew, and this to be called again. All calls together wait up to the limit.
 * Where it may not be begun anew, which is asked when it would be rolled back, it waits on instead.
 */
export function givingWay(
  database: SqliteDatabase,
  patience: Patience,
  mayRepeat: () => boolean = () => true,
): () => Promise<boolean> {
  const limit = patience.waitMs ?? usualWaitMs;
  let holdMs = Math.min(firstHoldMs, limit * lastShare);
  let waitedMs = 0;
  return async () => {
    const start = performance.now() - waitedMs;
    const waited = (): number => performance.now() - start;
    const isLast = (): boolean => waited() >= limit * (1 - lastShare);
    const until = isLast() ? Infinity : waitedMs + holdMs;
    holdMs *= 2;
    const attempt = (): boolean => {
      if (database.inTransaction) {
        if (waited() < until || !mayRepeat()) return committed(database);
        giveWay(database);
      }
      if (!isLast()) expectNobody(database);
      return false;
    };
    try {
      return await whenFree(attempt, {
        ...patience,
        waitedMs,
        // The last reader of those who keep out new ones is to be missed at once; they themselves are not to be bothered.
        get mostPauseMs() {
          return database.inTransaction ? 25 : 100;
        },
      });
    } finally {
      waitedMs = waited();
    }
  };
}

function committed(database: SqliteDatabase): true {
  database.exec('COMMIT');
  return true;
}

/** With a busy timeout, which somebody may have set, asking whether anybody reads would keep new readers out for as long. */
function giveWay(database: SqliteDatabase): void {
  database.exec('ROLLBACK');
  database.pragma('busy_timeout = 0');
}

/** Throws where somebody reads. No lock is left behind then either: the next reader comes in at once. */
function expectNobody(database: SqliteDatabase): void {
  database.exec('BEGIN EXCLUSIVE');
  database.exec('ROLLBACK');
}
