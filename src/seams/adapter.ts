import type { Driver } from './driver.ts';
import type { Provider } from './provider.ts';
import type { Source } from './source.ts';
import type { Target } from './target.ts';

/** One framework, as a project uses it: what the function of an adapter answers, for `source` in a configuration. */
export interface Adapter {
  /** As it stands in reports: `knex`, `prisma`, … */
  readonly name: string;
  /**
   * The address of main that the framework's own files name, relative paths made absolute; undefined where they name none.
   * Asked where the configuration, the command line and the environment say nothing. May hold a password.
   */
  database?(root: string): Promise<string | undefined>;
  /**
   * The driver for main's address, where the framework's databases need one of their own making: SQL functions that their
   * schema calls, for example. Asked where the configuration names none. Throws `BAD_TARGET` for what it cannot serve.
   * @default the driver that knows the address
   */
  driver?(address: string): Promise<Driver>;
  /**
   * Whether those files say themselves which variables of the environment hold the address; then `database` is asked
   * before the environment. @default false
   */
  readonly readsEnvironment?: boolean;
  source(setup: SourceSetup): Promise<Source>;
  /** Writes a new migration in the framework's own form, and answers with the absolute paths written. Overwrites nothing. */
  create?(root: string, name: string, now: Date): Promise<readonly string[]>;
}

/** What an adapter's source is made for. */
export interface SourceSetup {
  readonly main: Target;
  readonly driver: Driver;
  readonly provider: Provider;
  /** Name of the environment variable that programs read the database's address from. */
  readonly databaseVariable: string;
  /** The folder that relative paths are relative to, absolute. */
  readonly root: string;
}
