import type { Driver } from './seams/driver.ts';
import type { Provider } from './seams/provider.ts';
import type { Target } from './seams/target.ts';

/** A driver that says, where main cannot be opened because another database has taken over from it, which one that is. */
export function sayingWhatSuperseded(driver: Driver, main: Target, provider: Provider): Driver {
  const { superseded } = provider;
  if (superseded === undefined) return driver;
  const { forRun, leavingOut } = driver;
  return {
    ...driver,
    ...(forRun && { forRun: (id) => sayingWhatSuperseded(forRun(id), main, provider) }),
    ...(leavingOut && { leavingOut: (tables) => sayingWhatSuperseded(leavingOut(tables), main, provider) }),
    async examine(target, ...rest) {
      try {
        await driver.examine(target, ...rest);
      } catch (error) {
        throw (target.url === main.url ? await superseded(main) : undefined) ?? error;
      }
    },
  };
}
