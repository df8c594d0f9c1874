import { ForerunError } from '../error.ts';
import type { LockHolder } from '../seams/driver.ts';

/** For a deployer that has waited for the run lock for so long, and gives up. */
export function heldBy(holder: LockHolder | undefined, waitMs: number): ForerunError<'LOCKED'> {
  const who =
    holder === undefined
      ? 'another process'
      : `run ${holder.run} (process ${holder.pid} on ${holder.host}, since ${holder.since})`;
  return new ForerunError('LOCKED', `Another deployer holds the run lock: ${who}. Gave up after ${waitMs / 1000} s.`, {
    details: holder === undefined ? {} : { holder: holder.run },
    next: 'Wait until it has finished, then run again. The lock goes away with its process; nothing needs to be unlocked.',
  });
}
