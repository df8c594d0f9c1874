import type { Driver } from './seams/driver.ts';
import { umzugWithoutCommandLine } from './umzug-package.ts';

/**
 * Loads what comes after a copy while that is made, for what applies nothing does not pay for it. Loading blocks this
 * thread, Umzug alone for tens of ms, so the copy gets a moment to begin.
 */
export function preload(driver: Driver): void {
  setTimeout(() => {
    // A failure is told where it is used.
    load(driver).catch(() => undefined);
  }, 20);
}

async function load(driver: Driver): Promise<void> {
  await Promise.all([import('./rehearsal/from.ts'), import('./promotion/promote.ts'), driver.warmUp?.()]);
  umzugWithoutCommandLine();
}
