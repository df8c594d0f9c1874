import type { Direction, Migration } from './seams/source.ts';
import type { HistoryStorage } from './schema-history.ts';
import { umzugWithoutCommandLine } from './umzug-package.ts';

/**
 * Applies migrations one after the other through Umzug's own `up` or `down`, so that rehearsal and promotion go the
 * same way. What `apply` throws is thrown, without Umzug's wrapping.
 */
export async function throughUmzug(
  migrations: readonly Migration[],
  storage: HistoryStorage,
  direction: Direction,
  apply: (migration: Migration) => Promise<void>,
): Promise<void> {
  if (migrations.length === 0) return;
  const { Umzug, MigrationError } = umzugWithoutCommandLine();
  const byName = new Map(migrations.map((migration) => [migration.name, migration]));
  const run = async ({ name }: { name: string }): Promise<void> => {
    const migration = byName.get(name);
    if (migration !== undefined) await apply(migration);
  };
  const umzug = new Umzug({
    migrations: migrations.map(({ name }) => ({ name, up: run, down: run })),
    storage,
    logger: undefined,
  });
  try {
    await umzug[direction]({ migrations: migrations.map(({ name }) => name), rerun: 'ALLOW' });
  } catch (error) {
    throw error instanceof MigrationError ? error.jse_cause : error;
  }
}
