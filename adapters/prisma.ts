import type { Adapter } from '../src/seams/adapter.ts';
import { createPrismaMigration } from './prisma/create.ts';
import { readProject, type Project } from './prisma/project.ts';
import { addressOfProject } from './prisma/project-address.ts';
import { prismaSource } from './prisma/source.ts';

export interface PrismaOptions {
  /** The schema file, or the folder of several, relative to the root. @default where Prisma looks for it */
  readonly schema?: string;
  /** Prisma's own configuration file, relative to the root. @default where Prisma looks for it */
  readonly config?: string;
}

/**
 * Migrations of Prisma Migrate, on SQLite and PostgreSQL: each `migration.sql` is run by Forerun itself, with a row in
 * `_prisma_migrations` in the same transaction, so that neither an engine of Prisma's nor a shadow database is needed and
 * Prisma's own commands agree afterwards. A `down.sql` beside a `migration.sql` is the way back.
 */
export function prisma(options: PrismaOptions = {}): Adapter {
  const known = new Map<string, Promise<Project>>();
  const project = (root: string): Promise<Project> => {
    const found = known.get(root) ?? readProject(root, options);
    known.set(root, found);
    return found;
  };
  return {
    name: 'prisma',
    readsEnvironment: true,
    database: async (root) => addressOfProject(await project(root)),
    source: async (setup) => prismaSource(await project(setup.root), setup),
    create: async (root, name, now) => createPrismaMigration(await project(root), name, now),
  };
}
