import { AsyncLocalStorage } from 'node:async_hooks';
import type { Umzug } from 'umzug';
import { resolveConfig, type Config } from '../../src/config.ts';
import type { Setup } from '../../src/setup.ts';
import { applyAsChild } from './apply.ts';
import { contextsOf } from './context.ts';
import type { SafeUmzugOptions } from './options.ts';
import type { ConfigWithSource, Project } from './project.ts';
import { register } from '../children/registry.ts';
import { umzugSource } from './source.ts';
import { recordOf } from './storage.ts';

export function createProject<Context extends object>(
  umzug: Umzug<Context>,
  options: SafeUmzugOptions<Context>,
): Project<Context> {
  const { module } = options;
  const shared = sharedOf(options);
  let setup: Promise<Setup> | undefined;
  const project: Project<Context> = {
    umzug,
    get config(): ConfigWithSource {
      return { ...shared, source: umzugSource(project) };
    },
    contexts: contextsOf(umzug, options),
    record: recordOf(umzug),
    setup: () => (setup ??= resolveConfig(project.config, own)),
    current: new AsyncLocalStorage(),
    place: register(module, (...how) => applyAsChild(project, ...how)),
    module,
    paths: new Map(),
    emit: async () => {},
    isHeard: () => false,
    thrown: undefined,
  };
  return project;
}

/** Keys of this adapter's own. */
const own: readonly string[] = ['context', 'module'];

/** What every adapter's configuration may hold. */
function sharedOf<Context extends object>(options: SafeUmzugOptions<Context>): Omit<Config, 'source' | 'migrations'> {
  const entries = Object.entries(options).filter(([name]) => !own.includes(name));
  return Object.fromEntries(entries);
}
