import { z } from 'zod';
import { ForerunError } from '../../error.ts';
import { call, type Called } from './call.ts';
import { InDoubt, isClear, refusal } from './failure.ts';
import { probe, type Grammar } from './grammar.ts';
import { jsonIn } from './json.ts';

export interface VersOptions {
  readonly cli: string;
  /** How long one call may take, in milliseconds. */
  readonly limitMs: number;
}

/** The ways in which something is asked of the command line. `what` is how failures speak of it. */
export interface Asker {
  /** Found out once. */
  grammar(): Promise<Grammar>;
  read<T>(what: string, args: readonly string[], shape: z.ZodType<T>, vm?: string): Promise<T>;
  /** All of a list, however many calls that takes. */
  list<T>(what: string, args: readonly string[], item: z.ZodType<T>): Promise<readonly T[]>;
  /** Throws `InDoubt` where it may have happened. */
  change(what: string, args: readonly string[], of: About): Promise<Called>;
  /** A change that answers what it made. */
  make<T>(what: string, args: readonly string[], shape: z.ZodType<T>, of: About): Promise<T>;
}

/** The machine or commit that is changed, and the copy for which that is done. */
interface About {
  readonly vm?: string;
  readonly copy?: string;
}

export function makeAsker(options: VersOptions): Asker {
  let known: Promise<Grammar> | undefined;
  const grammar = (): Promise<Grammar> => {
    known ??= probe(options);
    known.catch(() => (known = undefined));
    return known;
  };
  const asked = async (args: readonly string[], copy?: string): Promise<Called> => {
    await grammar();
    return call(args, { ...options, ...(copy === undefined ? {} : { copy }) });
  };
  const asJson = async (): Promise<string[]> => ((await grammar()) === 'newest' ? ['--json'] : ['--format', 'json']);
  const read = async <T>(what: string, args: readonly string[], shape: z.ZodType<T>, vm?: string): Promise<T> => {
    const answer = await asked([...args, ...(await asJson())]);
    if (answer.code !== 0) throw refusal(what, answer, vm);
    return parsed(what, answer, shape);
  };
  const changed = async (what: string, args: readonly string[], of: About, makes: boolean): Promise<Called> => {
    const answer = await asked(args, of.copy);
    if (answer.code === 0) return answer;
    const failed = refusal(what, answer, of.vm);
    throw isClear(answer, makes) ? failed : new InDoubt(failed.message, { cause: failed });
  };
  const make = async <T>(what: string, args: readonly string[], shape: z.ZodType<T>, of: About): Promise<T> => {
    const answer = await changed(what, [...args, ...(await asJson())], of, true);
    try {
      return parsed(what, answer, shape);
    } catch (error) {
      throw new InDoubt(`${what} was answered without its id.`, { cause: error });
    }
  };
  const list = async <T>(what: string, args: readonly string[], item: z.ZodType<T>): Promise<readonly T[]> => {
    if ((await grammar()) === 'v0.10') return read(what, args, z.array(item));
    const page = z.object({ items: z.array(item) });
    const found: T[] = [];
    // What it lists in one go is cut.
    for (;;) {
      const more = ['--limit', '500', '--offset', String(found.length)];
      const answer = await read(what, [...args, ...more], z.union([z.array(item), page]));
      if (Array.isArray(answer)) return [...found, ...answer];
      if (answer.items.length === 0) return found;
      found.push(...answer.items);
    }
  };
  return { grammar, read, list, change: (what, args, of) => changed(what, args, of, false), make };
}

function parsed<T>(what: string, { stdout }: Called, shape: z.ZodType<T>): T {
  const found = shape.safeParse(jsonIn(stdout));
  if (found.success) return found.data;
  throw new ForerunError('PROVIDER_FAILED', `${what} was answered in a form that Forerun does not know.`, {
    details: {},
    next: 'Is the command line of Vers a later one? Take a later Forerun, or Vers 0.10.0.',
    cause: found.error,
  });
}
