import { setTimeout as sleep } from 'node:timers/promises';
import { ForerunError, isForerunError } from '../../error.ts';
import type { Attempt } from '../../seams/source.ts';
import { watchBlockers } from './blockers.ts';
import type { PostgresConnection } from './connection.ts';
import type { Limits } from './limits.ts';
import { hasCode } from './settings.ts';

/**
 * Begins anew, a bounded number of times and after a pause of random length, where a lock could not be had or the server
 * broke a deadlock; says each time who holds it, at once and in a note in the end. `once` must leave nothing behind where it fails. Throws `LOCKED` in the
 * end. With `tries` 1 it is told who is in the way, and nothing is repeated: for code with effects elsewhere.
 */
export async function retried(
  connection: PostgresConnection,
  attempt: Pick<Attempt, 'signal' | 'waiting' | 'note'>,
  { lockTimeoutMs, tries }: Limits,
  once: () => Promise<void>,
): Promise<void> {
  const everyMs = Math.max(50, Math.min(500, (lockTimeoutMs || 500 * 3) / 3));
  await using watch = watchBlockers(connection, { everyMs, waiting: attempt.waiting });
  const met: string[] = [];
  for (let count = 1; ; count += 1) {
    try {
      await once();
      if (count > 1) attempt.note(`Begun ${count} times, because others held locks that it needs. ${met.join(' ')}`);
      return;
    } catch (error) {
      const why = whyBusy(error);
      if (why === undefined || attempt.signal.aborted) throw error;
      if (count >= tries) throw locked(why, error, watch.last(), count);
      const pauseMs = pauseAfter(count);
      const seconds = (pauseMs / 1000).toFixed(1);
      const told = `${why}${who(watch.last())}.`;
      met.push(`Try ${count}: ${told}`);
      attempt.waiting?.(`${told} It was rolled back, and is begun again in ${seconds} s (${count + 1} of ${tries}).`);
      watch.forget();
      await sleep(pauseMs, undefined, { signal: attempt.signal });
    }
  }
}

/** Twice as long each time, and at random, so that two that hinder each other do not meet again. */
function pauseAfter(count: number): number {
  return Math.min(8000, 250 * 2 ** count) * (0.5 + Math.random() / 2);
}

const reasons: Readonly<Record<string, string>> = {
  '55P03': 'A lock could not be had in time',
  '40P01': 'The server broke a deadlock',
};

function whyBusy(error: unknown): string | undefined {
  const told = isForerunError(error, 'STATEMENT_FAILED') ? error.details.code : undefined;
  const code = Object.keys(reasons).find((each) => told === each || hasCode(error, each));
  return code === undefined ? undefined : reasons[code];
}

function who(blockers: string | undefined): string {
  return blockers === undefined ? '' : `: ${blockers}`;
}

function locked(why: string, cause: unknown, blockers: string | undefined, count: number): ForerunError<'LOCKED'> {
  const where = isForerunError(cause, 'STATEMENT_FAILED') ? cause.details.where : undefined;
  const place =
    where?.line === undefined ? '' : ` (line ${where.line}${where.file === undefined ? '' : ` of ${where.file}`})`;
  return new ForerunError('LOCKED', `${why}${place}${count === 1 ? '' : `, ${count} times over`}${who(blockers)}.`, {
    details: blockers === undefined ? {} : { holder: blockers },
    next: 'Wait for those sessions, or end them (SELECT pg_terminate_backend(pid)), then run again.',
    cause,
  });
}
