import { readFileSync } from 'node:fs';
import type { RunnableMigration } from 'umzug';
import { checksum, normalText, weakChecksum } from '../../src/checksum.ts';
import type { Migration } from '../../src/seams/source.ts';
import { mayHaveDown } from './may-have-down.ts';

/** What is known of a migration without running any of it. */
export type Description = Pick<Migration, 'version' | 'name' | 'checksum' | 'text' | 'file'> & {
  readonly hasDown: boolean;
};

/**
 * Describes migrations in Umzug's order. Umzug's key is the name, and several names may begin with one number or date:
 * the version is that beginning where it is unique, else the whole name.
 */
export function describeAll<Context>(migrations: readonly RunnableMigration<Context>[]): readonly Description[] {
  const names = new Map<string, Set<string>>();
  for (const { name } of migrations) names.set(prefixOf(name), (names.get(prefixOf(name)) ?? new Set()).add(name));
  return migrations.map((migration) => {
    const prefix = prefixOf(migration.name);
    return { version: names.get(prefix)?.size === 1 ? prefix : migration.name, ...contentOf(migration) };
  });
}

/** Digits and what joins them in numbers, dates and times: `003`, `2024.01.31T12.00.00`. */
function prefixOf(name: string): string {
  return /^\d+(?:[._T-]\d+(?=[._T-]|$))*/.exec(name)?.[0] ?? name;
}

function contentOf<Context>(migration: RunnableMigration<Context>): Omit<Description, 'version'> {
  const { name, path, down } = migration;
  const bytes = path === undefined ? undefined : readIfThere(path);
  if (bytes === undefined || path === undefined) {
    const text = migration.up.toString();
    return { name, checksum: weakChecksum(text), text, hasDown: down !== undefined };
  }
  const text = normalText(bytes);
  return { name, checksum: checksum(bytes), text, file: path, hasDown: down !== undefined && mayHaveDown(path, text) };
}

/** Umzug takes the path of a migration for a remark: there need be no file. */
function readIfThere(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}
