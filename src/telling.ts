import { ForerunError } from './error.ts';
import type { Setup } from './setup.ts';
import type { Driver } from './seams/driver.ts';
import type { RunOptions } from './run-log.ts';
import type { Making } from './seams/provider.ts';

/**
 * The same driver, which says what it waits for where another program keeps a database from being read, and waits no longer
 * once the signal is aborted. What begins after that is cleaning up, which waits for a moment.
 */
export function telling(driver: Driver, tell: (message: string) => void, signal?: AbortSignal): Driver {
  const givingUp = (): AbortSignal | undefined => (signal?.aborted ? cleaningUp() : signal);
  return {
    ...driver,
    examine: (main, use, waiting = tell, until = givingUp()) => driver.examine(main, use, waiting, until),
    open: (target, waiting = tell, until = givingUp()) => driver.open(target, waiting, until),
  };
}

/** Who asks for the end wants it soon, and what is left the next run cleans up. */
export function cleaningUp(): AbortSignal {
  const controller = new AbortController();
  const reason = new ForerunError('LOCKED', 'Another program has the database locked.', { details: {} });
  setTimeout(() => controller.abort(reason), cleanUpMs).unref();
  return controller.signal;
}

const cleanUpMs = 2000;

/** The same setup for a verb that is no run, and says so to whoever listens. What a listener throws stops nothing. */
export function toldTo(setup: Setup, options: RunOptions = {}): Setup {
  if (options.onEvent === undefined && options.signal === undefined) return setup;
  return { ...setup, driver: telling(setup.driver, tellingTo(options), options.signal) };
}

/** For a verb that is no run: who is told what it waits for, and what ends the waiting. */
export function heard(options: RunOptions): Pick<Making, 'signal' | 'waiting'> {
  return { waiting: tellingTo(options), ...(options.signal && { signal: options.signal }) };
}

function tellingTo({ onEvent }: RunOptions): (message: string) => void {
  return (message) => {
    try {
      onEvent?.({ type: 'told', message });
    } catch {
      return;
    }
  };
}
