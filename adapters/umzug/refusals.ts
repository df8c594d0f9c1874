import { setTimeout as sleep } from 'node:timers/promises';
import { ForerunError } from '../../src/error.ts';
import type { Driver } from '../../src/seams/driver.ts';
import type { Target } from '../../src/seams/target.ts';
import type { Project } from './project.ts';

/** A context that cannot be pointed at a branch is refused, unless a child process makes it there. */
export function refuseFixed<Context extends object>({ contexts, module }: Project<Context>): void {
  if (contexts.kind !== 'fixed' || module !== undefined) return;
  throw new ForerunError(
    'NOT_REHEARSABLE',
    'The context of this Umzug is made without knowing the database, so its migrations cannot be pointed at a branch.',
    {
      details: {},
      next: `Give safeUmzug a function instead, for example:
  context: (target, connection) => ({ db: connection }),
or have a child process make the context, from the database variable:
  module: import.meta.url,`,
    },
  );
}

/** What is left open on a branch keeps it from being copied, and is cut off when the branch is thrown away. */
export async function refuseLeftOpen(driver: Driver, target: Target): Promise<void> {
  await using watch = await driver.watch?.(target);
  const start = performance.now();
  // A pool says that it has ended a moment before the server knows.
  while (await watch?.shared()) {
    if (performance.now() - start > leavingMs) throw leftOpen();
    await sleep(20);
  }
}

const leavingMs = 1000;

function leftOpen(): ForerunError<'NOT_REHEARSABLE'> {
  return new ForerunError(
    'NOT_REHEARSABLE',
    'The context of this Umzug leaves a connection to the branch open when the migration has run.',
    {
      details: {},
      next: `Have it say how it is closed, for example:
  context: (target) => {
    const pool = new Pool({ connectionString: target.variable });
    return { context: pool, close: () => pool.end() };
  },`,
    },
  );
}
