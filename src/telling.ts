import type { Setup } from './setup.ts';
import type { Driver } from './seams/driver.ts';
import type { RunOptions } from './run-log.ts';

/** The same driver, which says what it waits for where another program keeps a database from being read. */
export function telling(driver: Driver, tell: (message: string) => void): Driver {
  return {
    ...driver,
    examine: (main, use, waiting = tell) => driver.examine(main, use, waiting),
    open: (target, waiting = tell) => driver.open(target, waiting),
  };
}

/** The same setup for a verb that is no run, and says so to whoever listens. What a listener throws stops nothing. */
export function toldTo(setup: Setup, { onEvent }: Pick<RunOptions, 'onEvent'> = {}): Setup {
  if (onEvent === undefined) return setup;
  const tell = (message: string): void => {
    try {
      onEvent({ type: 'told', message });
    } catch {
      return;
    }
  };
  return { ...setup, driver: telling(setup.driver, tell) };
}
