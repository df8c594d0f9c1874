import type { Texts } from '../../src/drivers/sqlite/texts.ts';
import { isLow, systemMigrations, type Recorded } from './system.ts';
import type { TableRow } from './table.ts';

interface Known {
  readonly database: string;
  readonly files: readonly Recorded[];
  readonly texts: Texts;
}

/** The rows of migrations that are the user's, not TrailBase's own. */
export async function usersRows(rows: readonly TableRow[], known: Known): Promise<readonly TableRow[]> {
  const users: TableRow[] = [];
  for (const row of rows) if (!isSystem(row, known) && !(await isUnknownSystem(row, known))) users.push(row);
  return users;
}

/** TrailBase's own that this Forerun does not know: a newer TrailBase wrote them. */
export async function unknownSystemRows(rows: readonly TableRow[], known: Known): Promise<readonly TableRow[]> {
  const unknown: TableRow[] = [];
  for (const row of rows) if (!isSystem(row, known) && (await isUnknownSystem(row, known))) unknown.push(row);
  return unknown;
}

function isSystem(row: Recorded, { database }: Known): boolean {
  return systemMigrations(database).some(({ version, name }) => version === row.version && name === row.name);
}

/** No file has that version, and Forerun never applied it. */
async function isUnknownSystem({ version, checksum }: TableRow, { files, texts }: Known): Promise<boolean> {
  if (!isLow(version) || files.some((file) => file.version === version)) return false;
  return (await texts.read(checksum)) === undefined;
}
