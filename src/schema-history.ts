import { readFile } from 'node:fs/promises';
import { checksum, normalText } from './checksum.ts';
import { ForerunError } from './error.ts';
import type { Driver, Session } from './seams/driver.ts';
import type { History } from './seams/records.ts';
import type { Migration } from './seams/source.ts';
import type { Target } from './seams/target.ts';

/** The slice of Umzug's `UmzugStorage` that this is; named here so that Umzug need not be loaded. */
export interface HistoryStorage {
  logMigration(params: { readonly name: string; readonly path?: string | undefined }): Promise<void>;
  unlogMigration(params: { readonly name: string }): Promise<void>;
  executed(): Promise<string[]>;
}

export interface SchemaHistoryOptions {
  readonly driver: Driver;
  readonly target: Target;
  /** Read and written through. @default a connection of its own for each act */
  readonly session?: Session;
  /**
   * What is recorded of a migration. By default version and checksum are taken from its name and its file, and a
   * migration without a file is recorded as such.
   */
  readonly describe?: (params: { readonly name: string; readonly path?: string | undefined }) => Promise<Description>;
}

export interface Description {
  readonly version: string;
  readonly checksum: string;
  readonly text: string;
}

/**
 * The table `_schema_history` as Umzug's storage, with checksums. A row that the migration's own transaction has
 * written is kept as it is.
 */
export function schemaHistory(options: SchemaHistoryOptions): HistoryStorage {
  const describe = options.describe ?? describeFile;
  return {
    logMigration: (params) =>
      withHistory(options, async (history) => {
        const { version, checksum: sum, text } = await describe(params);
        if ((await history.row(params.name))?.checksum === sum) return;
        await history.record({ version, name: params.name, appliedOn: new Date().toISOString(), checksum: sum }, text);
      }),
    unlogMigration: ({ name }) => withHistory(options, (history) => history.remove(name)),
    executed: () => withHistory(options, async (history) => (await history.rows()).map((row) => row.name)),
  };
}

async function withHistory<T>(
  { driver, target, session }: SchemaHistoryOptions,
  act: (history: History) => Promise<T>,
): Promise<T> {
  if (session !== undefined) return act(driver.history(session));
  await using connection = await driver.open(target);
  return await act(driver.history(connection));
}

async function describeFile({
  name,
  path,
}: {
  readonly name: string;
  readonly path?: string | undefined;
}): Promise<Description> {
  const version = /^\D?(\d+(?:[._]\d+)*)/.exec(name)?.[1] ?? name;
  if (path === undefined) return { version, checksum: checksum(''), text: '' };
  const bytes = await readFile(path);
  return { version, checksum: checksum(bytes), text: normalText(bytes) };
}

/** What `_schema_history` keeps of each migration. */
export function describeOf(
  migrations: readonly Migration[],
): (params: { readonly name: string }) => Promise<Migration> {
  return async ({ name }) => {
    const migration = migrations.find((candidate) => candidate.name === name);
    if (migration === undefined)
      throw new ForerunError('NOT_FOUND', `There is no migration "${name}".`, { details: { name } });
    return migration;
  };
}
