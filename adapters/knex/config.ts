import type { Knex } from 'knex';

/** The slice of Knex's configuration that is read here. */
export interface KnexConfig extends Omit<Knex.Config, 'client' | 'connection' | 'migrations'> {
  readonly client?: unknown;
  readonly connection?: unknown;
  readonly migrations?: MigrationsConfig;
}

export interface MigrationsConfig extends Omit<Knex.MigratorConfig, 'migrationSource' | 'directory'> {
  readonly directory?: string | readonly string[];
  readonly migrationSource?: MigrationSource;
  readonly beforeEach?: Hook;
  readonly afterEach?: Hook;
}

/** Called inside the transaction of a migration. */
export type Hook = (knex: Knex, migrations: readonly unknown[]) => unknown;

/** Where a project's migrations come from, if not from files. */
export interface MigrationSource {
  getMigrations(extensions: readonly string[]): Promise<readonly unknown[]>;
  getMigrationName(migration: unknown): string;
  getMigration(migration: unknown): unknown;
}

/** What a migration exports. */
export interface MigrationModule {
  readonly up?: Change;
  readonly down?: Change;
  readonly config?: { readonly transaction?: boolean };
}

export type Change = (knex: Knex) => unknown;
