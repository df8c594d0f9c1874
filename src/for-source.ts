import type { Driver } from './seams/driver.ts';
import type { Source } from './seams/source.ts';

/** The driver as a source needs it: without the framework's own tables, and with the history where the framework has it. */
export function forSource(driver: Driver, source: Source): Driver {
  return withHistory(source.tables === undefined ? driver : driver.leavingOut(source.tables), source.history);
}

/** Drivers that are made of it keep the history where it is. */
function withHistory(driver: Driver, history: Source['history']): Driver {
  if (history === undefined) return driver;
  const { forRun } = driver;
  return {
    ...driver,
    history,
    leavingOut: (tables) => withHistory(driver.leavingOut(tables), history),
    ...(forRun === undefined ? {} : { forRun: (run) => withHistory(forRun(run), history) }),
  };
}
