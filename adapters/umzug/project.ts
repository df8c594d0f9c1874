import type { AsyncLocalStorage } from 'node:async_hooks';
import type { MigrationMeta, MigrationParams, Umzug, UmzugStorage } from 'umzug';
import type { Config } from '../../src/config.ts';
import type { Source } from '../../src/seams/source.ts';
import type { Setup } from '../../src/setup.ts';
import type { Contexts } from './context.ts';
import type { Place } from '../children/registry.ts';

export type ConfigWithSource = Config & { readonly source: Source };

/** What the parts of this adapter know about one `safeUmzug`. */
export interface Project<Context extends object> {
  /** Lists the migrations, as Umzug does; nothing is ever run through it. */
  readonly umzug: Umzug<Context>;
  readonly contexts: Contexts<Context>;
  /** The configuration, with these migrations as its source. */
  readonly config: ConfigWithSource;
  /** The user's own record of what was applied; absent where `_schema_history` is the only one. */
  readonly record: UmzugStorage<Context> | undefined;
  /** The configuration, resolved once. */
  readonly setup: () => Promise<Setup>;
  /** The context for main of the command that is going on. */
  readonly current: AsyncLocalStorage<Context>;
  /** How a child process finds this instance. */
  readonly place: Place;
  /** The module that a child process loads; absent where rehearsals run in this process. */
  module: string | undefined;
  /** The path of each migration that was listed and has one. */
  readonly paths: Map<string, string>;
  /** Tells the user's listeners. */
  emit(event: MigrationEvent, params: MigrationParams<Context>): Promise<void>;
  /** Whether a listener is there to be told. */
  isHeard(event: MigrationEvent): boolean;
  /** What a listener threw, for `up` to reject with. */
  thrown: { readonly error: unknown } | undefined;
}

/** A migration as Umzug's listeners and callers see it. */
export function metaOf<Context extends object>({ paths }: Project<Context>, name: string): MigrationMeta {
  const path = paths.get(name);
  return { name, ...(path === undefined ? {} : { path }) };
}

export type MigrationEvent = 'migrating' | 'migrated' | 'reverting' | 'reverted';

/** Uses the context for main: the running command's, else one that is made for this. */
export async function usingMain<Context extends object, T>(
  project: Project<Context>,
  use: (context: Context) => Promise<T>,
): Promise<T> {
  const current = project.current.getStore();
  return current === undefined ? makingMain(project, use) : use(current);
}

/** Makes a context for main, and has everything that `use` calls find it. */
export async function makingMain<Context extends object, T>(
  { contexts, current, setup }: Project<Context>,
  use: (context: Context) => Promise<T>,
): Promise<T> {
  const { driver, main } = await setup();
  const run = (context: Context): Promise<T> => current.run(context, () => use(context));
  if (contexts.kind !== 'shared') return contexts.using(main, undefined, run);
  await driver.examine(main);
  await using connection = await driver.open(main);
  return await contexts.using(main, connection.client, run);
}
