import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { PrismaOptions } from '../prisma.ts';
import { loadPrismaConfig, type PrismaConfig } from './config-file.ts';
import { readSchema, type PrismaSchema } from './schema-files.ts';

/** What Prisma's own files say of a project. */
export interface Project {
  readonly root: string;
  readonly config: PrismaConfig | undefined;
  readonly schema: PrismaSchema;
  /** The folder of the migrations; absolute. */
  readonly migrations: string;
}

export async function readProject(root: string, options: PrismaOptions): Promise<Project> {
  const config = await loadPrismaConfig(root, options.config);
  const schema = readSchema(root, options.schema ?? config?.schema);
  return { root, config, schema, migrations: config?.migrations ?? migrationsBeside(schema) };
}

/** Up to Prisma 6 beside the file with the datasource, from 7 on in the schema's folder. */
function migrationsBeside({ file, folder }: PrismaSchema): string {
  const [first, second] = [join(dirname(file), 'migrations'), join(folder, 'migrations')];
  return !existsSync(first) && existsSync(second) ? second : first;
}
