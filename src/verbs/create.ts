import { resolve } from 'node:path';
import type { Config } from '../config.ts';
import { ForerunError } from '../error.ts';

/** Writes a new plain SQL migration in the form of those that are there, and answers with the paths written. */
export async function create(config: Config, name: string): Promise<readonly string[]> {
  if (config.source !== undefined) {
    throw new ForerunError(
      'USAGE',
      `Migrations of ${config.source.name} are created by that framework's own command.`,
      {
        details: {},
        next: 'Forerun creates plain SQL migrations alone.',
      },
    );
  }
  const { createSqlMigration } = await import('../../adapters/sql.ts');
  return createSqlMigration(resolve(config.root ?? '.', config.migrations ?? 'migrations'), name, new Date());
}
