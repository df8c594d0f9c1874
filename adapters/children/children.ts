import type { Driver, Guard } from '../../src/seams/driver.ts';
import type { Attempt, Direction } from '../../src/seams/source.ts';
import type { Target } from '../../src/seams/target.ts';
import type { Launch } from './launch.ts';
import type { ChildMethods, Order, ParentMethods } from './protocol.ts';
import { peer } from './wire.ts';

/** Where a rehearsal in a child process takes place. */
export interface ChildPlace {
  /** Address of a `FinderModule`, and what that is to find there. */
  readonly finder: string;
  readonly what: unknown;
  readonly main: Target;
  readonly driver: Driver;
  readonly databaseVariable: string;
  readonly target: Target;
}

/**
 * How long children are kept for the next migration when none of them has work, in milliseconds. Not long: what they have
 * open keeps a branch from being promoted.
 */
const idleLimitMs = 1000;

/**
 * Applies one migration to a branch in a child process whose database variable points at the branch, and which refuses to
 * open main. Where the migration runs in a transaction of ours, the attempt's steps are asked of this process, and
 * their queries go back to the child's connection. An aborted signal ends the child and all that it started.
 */
export async function rehearseInChild(
  place: ChildPlace,
  name: string,
  direction: Direction,
  attempt: Attempt,
): Promise<void> {
  attempt.signal.throwIfAborted();
  // Plain Umzug commands start no other program, and need not wait for what does.
  const { launch } = await import('./launch.ts');
  const child =
    children.get(place.target.url) ?? startChild(place, launch, await place.driver.guard?.(place.main, place.target));
  attempt.signal.addEventListener('abort', child.end);
  try {
    const { open } = await child.apply(name, direction, attempt);
    // What a session wrote is known for sure when it has ended, and till then the branch cannot be copied.
    if (open) child.end();
  } catch (error) {
    attempt.signal.throwIfAborted();
    throw error;
  } finally {
    attempt.signal.removeEventListener('abort', child.end);
  }
}

/** Ends the children that wait for work; their branches have served. */
export function endIdleChildren(): void {
  for (const child of children.values()) if (!child.busy()) child.end();
}

interface Child {
  apply(name: string, direction: Direction, attempt: Attempt): Promise<{ readonly open: boolean }>;
  busy(): boolean;
  readonly end: () => void;
}

/** By the branch that they work on. */
const children = new Map<string, Child>();
let endsWithUs = false;
let resting: NodeJS.Timeout | undefined;

function startChild(
  { finder, what, databaseVariable, target }: ChildPlace,
  launch: Launch,
  guard: Guard | undefined,
): Child {
  if (!endsWithUs) process.once('exit', () => children.forEach((child) => child.end()));
  endsWithUs = true;
  const order: Order = {
    finder,
    what,
    ...(guard === undefined ? {} : { guard: { module: guard.module, what: guard.what } }),
    databaseVariable,
    args: process.argv.slice(1),
  };
  const subprocess = launch(order, { ...guard?.env, [databaseVariable]: target.variable });
  let current: Attempt | undefined;
  let judged: Judged | undefined;
  // What our own steps throw is thrown again as it was, not as the copy that has been to the child and back.
  const judging = async (step: (attempt: Attempt) => Promise<void>): Promise<void> => {
    try {
      if (current !== undefined) await step(current);
    } catch (error) {
      judged = { error };
      throw error;
    }
  };
  const child = peer<ParentMethods, ChildMethods>(subprocess.port, {
    afterBegin: () => judging((attempt) => attempt.afterBegin(session)),
    beforeCommit: () => judging((attempt) => attempt.beforeCommit(session)),
    statement: async (evidence) => current?.statement?.(evidence),
    note: async (message) => current?.note(message),
  });
  const session = { query: (sql: string, params: readonly unknown[] = []) => child.call('query', sql, params) };
  const self: Child = {
    busy: () => current !== undefined,
    end() {
      if (children.get(target.url) === self) children.delete(target.url);
      subprocess.kill();
    },
    async apply(name, direction, attempt) {
      clearTimeout(resting);
      [current, judged] = [attempt, undefined];
      subprocess.idle(false);
      try {
        return await child.call('apply', target, name, direction, attempt.alone);
      } catch (error) {
        throw original(judged, error);
      } finally {
        current = undefined;
        subprocess.idle(true);
        // Not one by one: starting one may take longer than another one is kept.
        clearTimeout(resting);
        resting = setTimeout(endIdleChildren, idleLimitMs).unref();
      }
    },
  };
  children.set(target.url, self);
  void subprocess.ended.then((how) => {
    self.end();
    child.fail(
      new Error(`The process that rehearsed it ended before it was done (${how}). What it printed may say why.`),
    );
  });
  return self;
}

/** What one of our own steps threw. */
interface Judged {
  readonly error: unknown;
}

function original(judged: Judged | undefined, copy: unknown): unknown {
  return judged === undefined ? copy : judged.error;
}
