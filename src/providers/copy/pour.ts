import { setTimeout as sleep } from 'node:timers/promises';
import { isBusy, waitingWords, worthTelling } from '../../drivers/sqlite/busy.ts';
import type { SqliteDatabase } from '../../drivers/sqlite/client.ts';
import { ForerunError } from '../../error.ts';

export interface Pouring {
  readonly waitMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Told once when it has waited for another program for a second. */
  readonly waiting?: ((message: string) => void) | undefined;
  /** For messages: what is being done. */
  readonly what: string;
  /** Called when `to` is locked for writing and nothing of it is written yet. A throw leaves it as it was. */
  readonly beforeFirst?: () => void;
}

/** Bytes that are copied in one go: large, so that it is quick; yet the event loop goes on in between. */
const chunkBytes = 8 * 1024 * 1024;

/**
 * Writes all pages of `source` over the database `to`, in one transaction of SQLite's. `source` is inside a read
 * transaction, so that nobody's write restarts it, and has at least one page.
 *
 * The backup API resolves with `totalPages: 0`, having done nothing, where somebody holds a lock: that is tried again
 * until the limit, then `LOCKED`.
 */
export async function pour(source: SqliteDatabase, to: string, pouring: Pouring): Promise<void> {
  const start = performance.now();
  let tell = pouring.waiting;
  for (;;) {
    pouring.signal?.throwIfAborted();
    if (await poured(source, to, pouring)) return;
    const waited = performance.now() - start;
    if (waited >= pouring.waitMs) throw stayedLocked(to, pouring);
    if (waited >= worthTelling) {
      tell?.(waitingWords(pouring.what, pouring.waitMs));
      tell = undefined;
    }
    // With jitter, so that a program which writes at a steady pace is not missed at every try.
    await sleep(2 + Math.random() * 20);
  }
}

/** How many pages make a good step. */
export function chunkOf(source: SqliteDatabase): number {
  return Math.ceil(chunkBytes / Number(source.pragma('page_size', { simple: true })));
}

async function poured(source: SqliteDatabase, to: string, pouring: Pouring): Promise<boolean> {
  const chunk = chunkOf(source);
  let first = true;
  try {
    const { totalPages } = await source.backup(to, {
      progress() {
        pouring.signal?.throwIfAborted();
        if (first) pouring.beforeFirst?.();
        first = false;
        return chunk;
      },
    });
    return totalPages > 0;
  } catch (error) {
    if (isBusy(error)) return false;
    throw error;
  }
}

function stayedLocked(to: string, pouring: Pouring): ForerunError<'LOCKED'> {
  return new ForerunError(
    'LOCKED',
    `${to} stayed locked by another program for ${pouring.waitMs / 1000} s: ${pouring.what}.`,
    {
      details: {},
      next: 'Look for a long transaction in the application (or a database browser with unsaved changes), then try again.',
    },
  );
}
