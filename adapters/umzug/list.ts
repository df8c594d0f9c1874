import { readFileSync } from 'node:fs';
import type { RunnableMigration } from 'umzug';
import { checksum, normalText, weakChecksum } from '../../src/checksum.ts';
import type { Migration } from '../../src/seams/source.ts';
import { mayHaveDown } from '../code/may-have-down.ts';
import { versionsOf } from '../code/versions.ts';

/** What is known of a migration without running any of it. */
export type Description = Pick<Migration, 'version' | 'name' | 'checksum' | 'text' | 'file'> & {
  readonly hasDown: boolean;
};

/** Describes migrations in Umzug's order. */
export function describeAll<Context>(migrations: readonly RunnableMigration<Context>[]): readonly Description[] {
  const versionOf = versionsOf(migrations.map(({ name }) => name));
  return migrations.map((migration) => ({ version: versionOf(migration.name), ...contentOf(migration) }));
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
