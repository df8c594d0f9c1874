import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { RunOptions } from '../run-log.ts';
import type { LockHolder } from '../seams/driver.ts';
import type { Setup } from '../setup.ts';
import { stampOf } from './moment.ts';

/** The run lock for a verb that is no run: nobody deploys while it writes main. */
export async function lockMain(setup: Setup, holder: LockHolder, options: RunOptions = {}): Promise<AsyncDisposable> {
  const signal = options.signal ?? new AbortController().signal;
  const waiting = (other: LockHolder | undefined): void => tell(options, other);
  return setup.driver.lock(setup.main, { holder, waitMs: setup.lockWaitMs, signal, waiting });
}

/** A name of its own for one call of a verb, and where it is made. */
export function newHolder(verb: string): LockHolder {
  const now = new Date();
  const run = `${verb}-${stampOf(now)}-${randomBytes(2).toString('hex')}`;
  return { run, host: hostname(), pid: process.pid, since: now.toISOString() };
}

export function inWords({ run, pid, host }: LockHolder): string {
  return `run ${run}, process ${pid} on ${host}`;
}

/** A listener watches; what it throws stops nothing. */
function tell({ onEvent }: RunOptions, holder: LockHolder | undefined): void {
  try {
    onEvent?.({ type: 'lock:waiting', ...(holder === undefined ? {} : { holder: inWords(holder) }) });
  } catch {
    return;
  }
}
