import { ForerunError, messageOf } from '../../src/error.ts';
import { importAny } from './import-any.ts';
import type { Order } from './protocol.ts';
import { beginRehearsing, type ApplyHere } from './registry.ts';

/** How the instance that is rehearsed applies its migrations, and what there is to say about loading it. */
export interface Found {
  readonly apply: ApplyHere;
  readonly note?: string;
}

/**
 * Loads the module that makes the instance, as far as it comes: a command that it gives the instance never ends here, and
 * what it does after making the instance need not succeed.
 */
export async function findApply({ module, place }: Order): Promise<Found> {
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
  throw new ForerunError('NOT_REHEARSABLE', notFound(module, failure), {
    details: {},
    next: 'Call safeUmzug at the top of a module, before anything that needs main itself, and give it that module: import.meta.url',
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

function notFound(module: string, failure: Error | undefined): string {
  if (failure === undefined) return `${module} makes no safeUmzug when it is loaded for a rehearsal.`;
  return `${module} could not be loaded for a rehearsal: ${failure.message}`;
}
