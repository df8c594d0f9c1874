import type { Umzug } from 'umzug';
import { ForerunError } from '../../src/error.ts';
import type { Target } from '../../src/seams/target.ts';
import type { ClosableContext, SafeUmzugOptions } from './options.ts';

/** Where the context of a migration comes from, and what that makes possible. */
export interface Contexts<Context extends object> {
  /**
   * `shared`: it uses our connection, so the migration runs in our transaction. `own`: it opens its own. `fixed`: it is
   * Umzug's own, made without knowing the target, and so the same for main and for every branch of this process.
   */
  readonly kind: 'shared' | 'own' | 'fixed';
  /** Makes a context, lets `use` have it, and closes it. `client` is our connection's, for `shared`. */
  using<T>(target: Target, client: unknown, use: (context: Context) => Promise<T>): Promise<T>;
}

export function contextsOf<Context extends object>(
  umzug: Umzug<Context>,
  options: Pick<SafeUmzugOptions<Context>, 'context'>,
): Contexts<Context> {
  if (options.context === undefined) {
    return { kind: 'fixed', using: async (_target, _client, use) => use(await fixedContext(umzug)) };
  }
  if (typeof options.context !== 'function') throw noFunction();
  const shared = options.context.length >= 2;
  // The project names the type of its client; a function without that parameter gets none.
  const make = options.context.bind(options) as (
    target: Target,
    client: unknown,
  ) => ReturnType<NonNullable<SafeUmzugOptions<Context>['context']>>;
  return {
    kind: shared ? 'shared' : 'own',
    async using(target, client, use) {
      const made = await make(target, shared ? client : undefined);
      return isClosable(made) ? usingClosable(made, use) : use(made);
    },
  };
}

function noFunction(): ForerunError<'CONFIG'> {
  return new ForerunError('CONFIG', 'The context that safeUmzug is given is no function.', {
    details: { keys: ['context'] },
    next: `Write it as a function, so that migrations can be pointed at a branch, for example:
  context: (target, connection) => ({ db: connection }),`,
  });
}

async function fixedContext<Context extends object>(umzug: Umzug<Context>): Promise<Context> {
  const { context = {} as Context } = umzug.options;
  return typeof context === 'function' ? context() : context;
}

function isClosable<Context extends object>(
  made: Context | ClosableContext<Context>,
): made is ClosableContext<Context> {
  // Typed as an object; a migration that needs none may get none all the same.
  return (
    typeof made === 'object' &&
    made !== null &&
    'context' in made &&
    'close' in made &&
    typeof made.close === 'function'
  );
}

async function usingClosable<Context, T>(
  made: ClosableContext<Context>,
  use: (context: Context) => Promise<T>,
): Promise<T> {
  let answer: T;
  try {
    answer = await use(made.context);
  } catch (error) {
    // What went wrong first is what a person must see; a close that fails after it often fails because of it.
    await Promise.resolve(made.close()).catch(() => {});
    throw error;
  }
  await made.close();
  return answer;
}
