import { ForerunError } from '../error.ts';
import { nearest } from '../nearest.ts';
import type { Provider } from '../seams/provider.ts';

const providers: Readonly<Record<string, () => Promise<Provider>>> = {
  copy: async () => (await import('../providers/copy.ts')).copy(),
  auto: async () => (await import('../providers/auto.ts')).auto(),
  template: async () => (await import('../providers/template.ts')).template(),
  dump: async () => (await import('../providers/dump.ts')).dump(),
  clone: async () => (await import('../providers/clone.ts')).clone(),
};

/** The provider that `--provider` names, with its defaults; a configuration can say more. */
export async function namedProvider(name: string): Promise<Provider> {
  const make = Object.hasOwn(providers, name) ? providers[name] : undefined;
  if (make !== undefined) return make();
  const known = Object.keys(providers);
  const near = nearest(name, known);
  throw new ForerunError(
    'USAGE',
    `There is no provider "${name}"${near === undefined ? '' : ` (did you mean ${near}?)`}. There are: ${known.join(', ')}.`,
    { details: {}, next: 'Leave --provider out, or give one of these.' },
  );
}
