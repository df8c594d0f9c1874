import { weakChecksum } from '../../../src/checksum.ts';
import type { Apply, Source } from '../../../src/seams/source.ts';

/** What one migration of code says to the database, up and down. */
export interface CodeMigration {
  readonly name: string;
  readonly up: string;
  readonly down?: string;
}

/** Migrations that are functions: `apply` makes one of what is to be said. */
export function codeSource(migrations: readonly CodeMigration[], apply: (sql: string) => Apply): Source {
  return {
    name: 'code',
    migrations: async () =>
      migrations.map(({ name, up, down }) => ({
        version: name.slice(0, 3),
        name,
        checksum: weakChecksum(up),
        text: up,
        language: 'code',
        up: apply(up),
        ...(down === undefined ? {} : { down: apply(down) }),
      })),
  };
}
