import type { UpOptions } from '../../src/run.ts';
import type { SafeDownOptions, SafeUpOptions } from './options.ts';

/** The options of Umzug's `up` and `down`, in the words of a run. */
export function runOptionsOf(options: SafeUpOptions | SafeDownOptions): UpOptions {
  const { to, step, migrations, rerun, allOrNothing, onEvent, signal } = options;
  const promotePassing = 'promotePassing' in options ? options.promotePassing : undefined;
  return {
    safe: true,
    ...(to === undefined ? {} : { to: String(to) }),
    ...(step === undefined ? {} : { step }),
    ...(migrations === undefined ? {} : { migrations, rerun: behaviours[rerun ?? 'THROW'] }),
    ...(allOrNothing === undefined ? {} : { allOrNothing }),
    ...(promotePassing === undefined ? {} : { promotePassing }),
    ...(onEvent === undefined ? {} : { onEvent }),
    ...(signal === undefined ? {} : { signal }),
  };
}

const behaviours = { THROW: 'throw', SKIP: 'skip', ALLOW: 'allow' } as const;
