import type { Driver } from '../../src/seams/driver.ts';
import type { Provider } from '../../src/seams/provider.ts';
import type { Setup } from '../../src/setup.ts';

/** Called before and after every act of the driver and the provider, with its name. May throw, or kill the process. */
export type AtStep = (name: string) => void;

/** A setup whose driver and provider announce each of their acts: every place where a run can be cut. */
export function withSteps(setup: Setup, atStep: AtStep): Setup {
  return {
    ...setup,
    driver: announcedDriver(setup.driver, atStep),
    provider: announcing(setup.provider, 'provider', atStep),
  };
}

/** With that of a run, where there is one. */
function announcedDriver(driver: Driver, atStep: AtStep): Driver {
  const { forRun } = driver;
  return {
    ...announcing(driverActs(driver, atStep), 'driver', atStep),
    ...(forRun && { forRun: (run) => announcedDriver(forRun(run), atStep) }),
  };
}

/** History rows and journal rows are written through sessions: their acts are steps as well. */
function driverActs(driver: Driver, atStep: AtStep): Driver {
  return {
    ...driver,
    history: (session) => announcing(driver.history(session), 'history', atStep),
    journal: (session) => announcing(driver.journal(session), 'journal', atStep),
    async transaction(target, attempt, body) {
      await driver.transaction(
        target,
        {
          ...attempt,
          async afterBegin(session) {
            atStep('transaction began');
            await attempt.afterBegin(session);
          },
          async beforeCommit(session) {
            await attempt.beforeCommit(session);
            atStep('transaction about to commit');
          },
        },
        body,
      );
    },
  };
}

export interface Counted {
  atStep(): void;
  steps(): number;
  /** Steps, from 1, that are the first in their turn. */
  first(): readonly number[];
}

/**
 * Counts steps, and knows those that are the first in a turn of the event loop: within one turn nothing is heard of a
 * server, so that whoever dies at one of its steps leaves the same behind as at another.
 */
export function turns(): Counted {
  let steps = 0;
  let within = false;
  const first: number[] = [];
  return {
    atStep() {
      steps += 1;
      if (within) return;
      within = true;
      first.push(steps);
      setImmediate(() => (within = false));
    },
    steps: () => steps,
    first: () => first,
  };
}

function announcing<T extends Driver | Provider | object>(object: T, prefix: string, atStep: AtStep): T {
  const entries = Object.entries(object).map(([name, member]) => {
    if (typeof member !== 'function' || quiet.has(name)) return [name, member] as const;
    const act = member as (...args: unknown[]) => unknown;
    return [
      name,
      (...args: unknown[]): unknown => {
        atStep(`before ${prefix}.${name}`);
        const answer = act.apply(object, args);
        if (!(answer instanceof Promise)) return answer;
        return answer.then(async (value: unknown) => {
          try {
            atStep(`after ${prefix}.${name}`);
          } catch (error) {
            // Nobody else can release what was acquired.
            if (typeof value === 'object' && value !== null && Symbol.asyncDispose in value)
              await (value as AsyncDisposable)[Symbol.asyncDispose]();
            throw error;
          }
          return value;
        });
      },
    ] as const;
  });
  return Object.fromEntries(entries) as T;
}

/** Acts that do nothing by themselves. */
const quiet = new Set([
  'target',
  'home',
  'script',
  'statements',
  // Reads files of ours, beside the run.
  'warmUp',
  'codeOf',
  'identity',
  'history',
  'journal',
  'transaction',
  'forRun',
]);
