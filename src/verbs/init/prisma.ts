import { relative } from 'node:path';
import { findConfig } from '../../../adapters/prisma/config-file.ts';
import { findSchema, readSchema } from '../../../adapters/prisma/schema-files.ts';
import type { Framework } from './framework.ts';

/** What is to be written for a project with Prisma; undefined where there is none. */
export function prismaFramework(root: string): Framework | undefined {
  const files = [findConfig(root), findSchema(root)].filter((file) => file !== undefined);
  if (files.length === 0) return undefined;
  const names = files.map((file) => relative(root, file).replaceAll('\\', '/'));
  return {
    found: `Prisma, with ${names.join(' and ')}`,
    adapter: 'prisma',
    steps: externalTables(isPostgres(root)),
  };
}

/** To `prisma migrate dev` any table that its migrations do not make is a reason to reset the database. */
function externalTables(inPublic: boolean): readonly string[] {
  const tables = ['_schema_history', '_forerun_journal', '_forerun_texts'];
  const names = tables.map((table) => `'${inPublic ? 'public.' : ''}${table}'`).join(', ');
  return [
    "Where prisma migrate dev works on the same database, let it pass over Forerun's tables. In prisma.config.ts:",
    `  experimental: { externalTables: true }, tables: { external: [${names}] }`,
  ];
}

/** Whether its tables have a schema before their names. */
function isPostgres(root: string): boolean {
  try {
    return readSchema(root, undefined).datasource.provider?.startsWith('postgres') ?? false;
  } catch {
    // What is wrong with it the first run says.
    return false;
  }
}
