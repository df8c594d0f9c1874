import { ForerunError, messageOf } from '../../src/error.ts';
import { importAny } from '../code/import-any.ts';
import type { ApplyHere, Found } from './protocol.ts';
import { beginRehearsing, type Place } from './registry.ts';

/** Which instance a child process is to find. */
export interface Made {
  /** Address of the module that makes it. */
  readonly module: string;
  readonly place: Place;
  /** What it is made by, for messages. */
  readonly maker: string;
}

/**
 * Loads the module that makes the instance, as far as it comes: a command that it gives the instance never ends here, and
 * what it does after making the instance need not succeed.
 */
export async function findApply(what: unknown): Promise<Found> {
  const { module, place, maker } = what as Made;
  const made: ApplyHere[] = [];
  const reached = new Promise<undefined>((resolve) => {
    beginRehearsing({
      found(other, apply) {
        if (other.module === place.module && other.ordinal === place.ordinal) made.push(apply);
      },
      reached: () => resolve(undefined),
    });
  });
  const failure = await Promise.race([reached, load(module)]);
  const [apply] = made;
  if (apply !== undefined) {
    return failure === undefined ? { apply } : { apply, note: `${module} did not load to its end: ${failure.message}` };
  }
  throw new ForerunError('NOT_REHEARSABLE', notFound(module, maker, failure), {
    details: {},
    next: `Call ${maker} at the top of a module, before anything that needs main itself, and give it that module: import.meta.url`,
    ...(failure === undefined ? {} : { cause: failure }),
  });
}

/** Answers with what went wrong. */
async function load(module: string): Promise<Error | undefined> {
  try {
    await importAny(module);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error(messageOf(error));
  }
}

function notFound(module: string, maker: string, failure: Error | undefined): string {
  if (failure === undefined) return `${module} makes no ${maker} when it is loaded for a rehearsal.`;
  return `${module} could not be loaded for a rehearsal: ${failure.message}`;
}
