import { resolve } from 'node:path';
import { isAdapter, type Config } from '../config.ts';
import { ForerunError } from '../error.ts';

/**
 * Writes a new migration in the form of its framework, in plain SQL in that of those that are there, and answers with the
 * paths written.
 */
export async function create(config: Config, name: string): Promise<readonly string[]> {
  const root = resolve(config.root ?? '.');
  if (config.source !== undefined) {
    if (isAdapter(config.source) && config.source.create !== undefined)
      return config.source.create(root, name, new Date());
    throw new ForerunError(
      'USAGE',
      `Migrations of ${config.source.name} are created by that framework's own command.`,
      {
        details: {},
        next: 'Use that; what it writes is pending for Forerun too.',
      },
    );
  }
  const { createSqlMigration } = await import('../../adapters/sql.ts');
  return createSqlMigration(resolve(root, config.migrations ?? 'migrations'), name, new Date());
}
