import { resolve } from 'node:path';
import type { Driver } from '../src/seams/driver.ts';
import type { Migration, Source } from '../src/seams/source.ts';
import { collect } from './sql/collect.ts';
import { problemsError } from './sql/problem.ts';
import type { Problem } from './sql/problem.ts';
import { readMigration } from './sql/read.ts';

export { createSqlMigration } from './sql/create.ts';

export interface SqlOptions {
  /** Folder of the migrations; a relative one is meant from the working directory at the time of this call. */
  readonly directory: string;
  readonly driver: Pick<Driver, 'script'>;
}

/**
 * Lists plain SQL migrations of a folder: `001_name.sql` and `<timestamp>_name.sql`, either of which may have sections
 * `-- migrate:up` and `-- migrate:down`; `001_name.up.sql` with `001_name.down.sql`; folders `001_name` with `up.sql`
 * and `down.sql`; `V1__name.sql` with `U1__name.sql`. They may be mixed. Listing throws `BAD_MIGRATION` with everything
 * that looks like a migration and cannot be one, and `CONFIG` where there is no such folder. A down without a statement
 * counts as none.
 */
export function sql(options: SqlOptions): Source {
  const directory = resolve(options.directory);
  return { name: 'sql', migrations: async () => list(directory, options.driver) };
}

function list(directory: string, driver: Pick<Driver, 'script'>): readonly Migration[] {
  const { found, problems } = collect(directory);
  const all: Problem[] = [...problems];
  const migrations = found.map((one) => readMigration(one, driver, (problem) => all.push(problem)));
  const [first, ...others] = all.toSorted((a, b) => (a.file < b.file ? -1 : 1));
  if (first) throw problemsError(directory, [first, ...others]);
  return migrations.filter((migration) => migration !== undefined);
}
