import { readFile } from 'node:fs/promises';
import { checksum, normalText } from './checksum.ts';
import type { Driver, Session } from './seams/driver.ts';
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
    async logMigration(params) {
      await using connection = await options.driver.open(options.target);
      const history = options.driver.history(connection);
      const { version, checksum: sum, text } = await describe(params);
      if ((await history.rows()).some((row) => row.name === params.name && row.checksum === sum)) return;
      await history.record({ version, name: params.name, appliedOn: new Date().toISOString(), checksum: sum }, text);
    },
    async unlogMigration({ name }) {
      await using connection = await options.driver.open(options.target);
      await options.driver.history(connection).remove(name);
    },
    async executed() {
      await using connection = await options.driver.open(options.target);
      return await namesIn(options.driver, connection);
    },
  };
}

async function namesIn(driver: Driver, session: Session): Promise<string[]> {
  return (await driver.history(session).rows()).map((row) => row.name);
}

async function describeFile({ name, path }: { readonly name: string; readonly path?: string | undefined }): Promise<Description> {
  const version = /^\D?(\d+(?:[._]\d+)*)/.exec(name)?.[1] ?? name;
  if (path === undefined) return { version, checksum: checksum(''), text: '' };
  const bytes = await readFile(path);
  return { version, checksum: checksum(bytes), text: normalText(bytes) };
}
