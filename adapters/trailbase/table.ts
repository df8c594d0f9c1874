import { ForerunError } from '../../src/error.ts';
import type { Row, Session } from '../../src/seams/driver.ts';
import type { Checksum } from '../../src/seams/source.ts';
import { readableTime } from './applied-on.ts';
import { typedChecksum } from './checksum.ts';
import { highestVersion } from './names.ts';
import type { Recorded } from './system.ts';

/** TrailBase's own table: `_schema_history(version INT PRIMARY KEY, name TEXT, applied_on TEXT, checksum TEXT) STRICT`. */
export const table = 'main._schema_history';

export interface TableRow extends Recorded {
  /** RFC 3339, UTC. */
  readonly appliedOn: string;
  readonly checksum: Checksum;
}

/**
 * All rows, in the order in which they were written; undefined where there is no such table. Throws `FOREIGN_HISTORY` for
 * a table of another shape, and for a row at which TrailBase fails.
 */
export async function readTable(session: Session): Promise<readonly TableRow[] | undefined> {
  if (!(await isThere(session))) return undefined;
  const rows = await session.query(`SELECT version, name, applied_on, checksum FROM ${table} ORDER BY rowid`);
  return rows.map(readRow);
}

function readRow(row: Row): TableRow {
  const { version, name, applied_on: time } = row;
  const [appliedOn, checksum] = [readableTime(time), typedChecksum(row['checksum'])];
  const wrong =
    typeof version !== 'number' || version > highestVersion || typeof name !== 'string'
      ? `has no version up to ${highestVersion}, or no name`
      : appliedOn === undefined
        ? 'has a time that is not RFC 3339 with an offset'
        : checksum === undefined
          ? 'has a checksum that is no whole number of 64 bits'
          : undefined;
  if (wrong === undefined) return { version, name, appliedOn, checksum } as TableRow;
  throw foreign(
    `A row of _schema_history (version ${typeof version === 'number' ? version : 'none'}) ${wrong}: TrailBase does not start with it.`,
    'Somebody else wrote it: see what it stands for, and correct it or take it away.',
  );
}

/** The two shapes that TrailBase has written: before its version 0.21.7, and since. */
const shapes: readonly string[] = [
  'strict version INT key, name TEXT, applied_on TEXT, checksum TEXT',
  'version INT4 key, name VARCHAR(255), applied_on VARCHAR(255), checksum VARCHAR(255)',
];

async function isThere(session: Session): Promise<boolean> {
  const columns = await session.query(
    `SELECT c.name, upper(c.type) AS type, c.pk, l.strict FROM pragma_table_list AS l, pragma_table_xinfo(l.name, l.schema) AS c
      WHERE l.schema = 'main' AND l.name = '_schema_history' ORDER BY c.cid`,
  );
  if (columns.length === 0) return false;
  const parts = columns.map(({ name, type, pk }) => `${String(name)} ${String(type)}${pk === 0 ? '' : ' key'}`);
  const shape = `${columns[0]?.['strict'] === 0 ? '' : 'strict '}${parts.join(', ')}`;
  if (shapes.includes(shape)) return true;
  if (columns.some(({ name, pk }) => name === 'name' && pk !== 0)) throw ours();
  throw foreign(
    `The table _schema_history has another shape than TrailBase's up to version 0.33: ${shape}. An older or a newer TrailBase wrote it.`,
    'Forerun leaves it as it is. Have TrailBase migrate this database (trail run), or use a Forerun that knows this TrailBase.',
  );
}

function ours(): ForerunError<'FOREIGN_HISTORY'> {
  return foreign(
    "The table _schema_history has Forerun's own shape, not TrailBase's: Forerun ran on this database without this adapter, and TrailBase does not start with it.",
    'Rename it, so that TrailBase makes its own: ALTER TABLE _schema_history RENAME TO _forerun_history_before; then start TrailBase once.',
  );
}

function foreign(message: string, next: string): ForerunError<'FOREIGN_HISTORY'> {
  return new ForerunError('FOREIGN_HISTORY', message, { details: {}, next });
}
