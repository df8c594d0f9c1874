import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ForerunError } from '../../src/error.ts';
import type { Project } from './project.ts';

/** The database engines that Prisma's migrations are run on by Forerun, by the names of their drivers. */
export type Engine = 'sqlite' | 'postgres';

const engines: Readonly<Record<string, Engine>> = {
  sqlite: 'sqlite',
  postgresql: 'postgres',
  postgres: 'postgres',
};

/** The engine that a project's schema names. Throws `CONFIG` for any other. */
export function engineOf({ schema }: Project): Engine {
  const { provider } = schema.datasource;
  const engine = provider === undefined ? undefined : engines[provider];
  if (engine !== undefined) return engine;
  const what = provider === undefined ? 'names no provider' : `has the provider ${provider}`;
  throw new ForerunError('CONFIG', `The datasource in ${schema.file} ${what}.`, {
    details: { file: schema.file },
    next: 'Forerun runs Prisma migrations on sqlite and postgresql.',
  });
}

/** Throws `CONFIG` where the migrations were written for another engine than the schema names, as Prisma does (P3019). */
export function refuseOtherLock(project: Project): void {
  const file = join(project.migrations, lockFile);
  const locked = /^[ \t]*provider[ \t]*=[ \t]*"([^"]*)"/m.exec(textOf(file))?.[1];
  const { provider } = project.schema.datasource;
  if (locked === undefined || engines[locked] === engineOf(project)) return;
  throw new ForerunError(
    'CONFIG',
    `${project.schema.file} has the provider ${provider ?? ''}, and ${file} says that the migrations were written for ${locked}.`,
    {
      details: { file },
      next: `Put the provider back; or begin a new history for ${provider ?? 'it'}: take the folder ${project.migrations} away, and create its first migration with: npx prisma migrate dev`,
    },
  );
}

export const lockFile = 'migration_lock.toml';

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
