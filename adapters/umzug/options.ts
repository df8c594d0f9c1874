import type { MigrateDownOptions, MigrateUpOptions } from 'umzug';
import type { Config } from '../../src/config.ts';
import type { RunOptions } from '../../src/run-log.ts';
import type { Target } from '../../src/seams/target.ts';

/** A context together with what releases it; called when the migration has run. */
export interface ClosableContext<Context> {
  readonly context: Context;
  close(): unknown;
}

/** What a project says about itself, besides the options that every adapter shares. */
export interface SafeUmzugOptions<Context extends object, Client extends object = object> extends Omit<
  Config,
  'source' | 'migrations' | 'database'
> {
  /** Address of main: `sqlite:path`, a bare path, or `postgres://…`. */
  readonly database: string;
  /**
   * Gives migrations their context, for main or for a branch: `target.url`, `target.path` and `target.variable` say
   * which; the last one is the address with its password. It replaces the context of the Umzug options.
   *
   * The rule is the number of parameters that the function declares:
   * - `(target, connection) => …`: each migration runs in one transaction of ours, on `connection`, the driver's raw
   *   client (a better-sqlite3 database, a client of pg); its history row is in the same transaction, and it is promoted by
   *   replay. The migration must not say COMMIT, and `connection` is closed by us. Which client it is depends on the
   *   address, so its type is yours to name: `(target, connection: Database) => …`.
   * - `(target) => …`: migrations run on whatever the function opens, in transactions of their own. Since none of it can
   *   be taken back, all that is pending is promoted together, by swapping the rehearsed branch in; on a server, where
   *   nothing can be swapped, one by one, and where one fails half-way a person is told.
   *
   * A parameter with a default value, or behind `...`, does not count as declared. The answer is the context itself, or
   * `{ context, close }` where something is to be closed afterwards: an object with both counts as the latter. On a
   * server a branch cannot be copied while something is connected to it, so what is left open there is refused.
   *
   * @default the context of the Umzug options; then `module` is needed
   */
  context?(
    target: Target,
    connection: Client,
  ): Context | ClosableContext<Context> | Promise<Context | ClosableContext<Context>>;
  /**
   * The module that calls `safeUmzug`: `import.meta.url`, or `__filename`. With it, rehearsals run in a child process
   * that loads this module with the database variable pointing at the branch (on PostgreSQL every other variable as well
   * that leads to main: `PGDATABASE`, addresses), and that refuses to open main. What it cannot refuse, such as a program
   * that a migration starts, is noticed on main afterwards. `runAsCLI` takes the script that was started where this is
   * absent.
   */
  readonly module?: string;
}

/** What `safe: true` adds to a command. */
export interface SafeOptions extends RunOptions {
  /** Rehearse on a branch first, and promote only what passed. @default false */
  readonly safe?: boolean;
  /** All in one step or none: by swap. @default false */
  readonly allOrNothing?: boolean;
}

export type SafeUpOptions = MigrateUpOptions &
  SafeOptions & {
    /** Promote the migrations before the first that is blocked. @default false */
    readonly promotePassing?: boolean;
  };

export type SafeDownOptions = MigrateDownOptions & SafeOptions;
