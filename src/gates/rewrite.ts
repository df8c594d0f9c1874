import type { Gate } from '../gate.ts';
import { over } from '../limits.ts';

/** Is a large table written anew, which takes long, doubles its room on the disk, and locks it meanwhile? */
export const rewrite: Gate = {
  name: 'rewrite',
  judge({ rewrites = [], tables = [] }, migration) {
    return tables.flatMap(({ table, bytesBefore }) => {
      if (bytesBefore === undefined || !rewrites.includes(table)) return [];
      const found = over(bytesBefore, migration.limits.rewriteBytes);
      if (found === undefined) return [];
      return [
        {
          gate: 'rewrite',
          severity: found.severity,
          migration: migration.name,
          message: `${table} is written anew: ${megabytes(bytesBefore)} (${found.severity === 'block' ? 'at most' : 'better not over'} ${megabytes(found.limit)}).`,
          where: { table, ...(migration.file === undefined ? {} : { file: migration.file }) },
        },
      ];
    });
  },
};

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
}
