import { relative } from 'node:path';
import { findConfig } from '../../../adapters/prisma/config-file.ts';
import { findSchema } from '../../../adapters/prisma/schema-files.ts';
import type { Framework } from './framework.ts';

/** What is to be written for a project with Prisma; undefined where there is none. */
export function prismaFramework(root: string): Framework | undefined {
  const files = [findConfig(root), findSchema(root)].filter((file) => file !== undefined);
  if (files.length === 0) return undefined;
  const names = files.map((file) => relative(root, file).replaceAll('\\', '/'));
  return { found: `Prisma, with ${names.join(' and ')}`, adapter: 'prisma' };
}
