import type { Knex } from 'knex';

/** Where a Knex project is configured. */
export interface KnexOptions {
  /** The knexfile, relative to the root. @default the one that `knex` itself finds */
  readonly knexfile?: string;
  /** Which of the knexfile's environments. @default NODE_ENV, else 'development' */
  readonly environment?: string;
  /** An instance to take the configuration of, in place of a knexfile. It is asked nothing. */
  readonly knex?: Knex;
  /**
   * With an instance: the module that calls this function: `import.meta.url`, or `__filename`. A rehearsal loads it in a
   * child process that refuses to open main. Needed where the instance's configuration holds functions, a migration source
   * for example; else those are rehearsed in this process.
   */
  readonly module?: string;
}
