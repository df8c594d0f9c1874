import { ForerunError } from '../error.ts';
import { nearest } from '../nearest.ts';
import type { Provider } from '../seams/provider.ts';

const providers: Readonly<Record<string, (env: NodeJS.ProcessEnv) => Promise<Provider>>> = {
  copy: async () => (await import('../providers/copy.ts')).copy(),
  auto: async () => (await import('../providers/auto.ts')).auto(),
  template: async () => (await import('../providers/template.ts')).template(),
  dump: async () => (await import('../providers/dump.ts')).dump(),
  clone: async () => (await import('../providers/clone.ts')).clone(),
  async vers({ FORERUN_VERS_VM: vm, FORERUN_VERS_CLI: cli, FORERUN_VERS_AGENT: agent }) {
    if (vm === undefined || vm === '') throw noVm();
    const named = Object.fromEntries(Object.entries({ cli, agent }).filter(([, value]) => (value ?? '') !== ''));
    return (await import('../providers/vers.ts')).vers({ vm, ...named });
  },
};

/** The provider that `--provider` names, with its defaults and what the environment says; a configuration can say more. */
export async function namedProvider(name: string, env: NodeJS.ProcessEnv): Promise<Provider> {
  const make = Object.hasOwn(providers, name) ? providers[name] : undefined;
  if (make !== undefined) return make(env);
  const known = Object.keys(providers);
  const near = nearest(name, known);
  throw new ForerunError(
    'USAGE',
    `There is no provider "${name}"${near === undefined ? '' : ` (did you mean ${near}?)`}. There are: ${known.join(', ')}.`,
    { details: {}, next: 'Leave --provider out, or give one of these.' },
  );
}

function noVm(): ForerunError<'USAGE'> {
  return new ForerunError('USAGE', 'The provider vers has to know which VM main is in.', {
    details: {},
    next: 'Set FORERUN_VERS_VM to its UUID, as vers status shows it; or write it in forerun.config.ts.',
  });
}
