import { ForerunError } from '../error.ts';
import { journalEntryIn, journalFormat } from '../journal-entry.ts';
import type { Row } from '../seams/driver.ts';
import type { HistoryRow, JournalEntry } from '../seams/records.ts';

/** A table that has the name of one of ours. No columns where there is none. */
export interface TableShape {
  readonly columns: readonly string[];
  /** Of the primary key. */
  readonly key: readonly string[];
}

/** Whether our table is there. Refuses the table of that name that TrailBase and refinery keep, keyed by version. */
export function isOurHistory(table: string, { columns, key }: TableShape): boolean {
  if (columns.length === 0) return false;
  if (key.join() === 'name' && ['version', 'applied_on', 'checksum'].every((name) => columns.includes(name)))
    return true;
  const refinery = ['version', 'name', 'applied_on', 'checksum'];
  if (
    key.join() === 'version' &&
    columns.length === refinery.length &&
    refinery.every((name) => columns.includes(name))
  ) {
    throw new ForerunError(
      'FOREIGN_HISTORY',
      `The table ${table} of this database is another tool's (TrailBase or refinery).`,
      { details: {}, next: 'Use the adapter of that tool; Forerun does not touch its table.' },
    );
  }
  throw new ForerunError(
    'FOREIGN_HISTORY',
    `This database has a table ${table} that Forerun did not make: its columns are ${columns.join(', ')}, and its key is ${key.length === 0 ? 'none' : key.join(', ')}.`,
    {
      details: {},
      next: `Forerun keeps its history in a table of that name (version, name as the key, applied_on, checksum) and does not touch another's. If nothing uses it any more, rename it: ALTER TABLE ${table} RENAME TO another_name.`,
    },
  );
}

/** From a row with `version`, `name`, `appliedOn` and `checksum`. */
export function historyRow(row: Row): HistoryRow {
  return {
    version: String(row['version']),
    name: String(row['name']),
    appliedOn: String(row['appliedOn']),
    checksum: String(row['checksum']),
  };
}

export function isOurJournal(table: string, columns: readonly string[]): boolean {
  if (columns.length === 0) return false;
  if (['database', 'format', 'entry'].every((name) => columns.includes(name))) return true;
  throw unreadable(table, 'has other columns than ours');
}

/** From a row with `format` and `entry`. */
export function journalEntry(table: string, row: Row): JournalEntry {
  if (row['format'] !== journalFormat) throw newer(table, row['format']);
  const entry = journalEntryIn(row['entry']);
  if (entry === undefined) throw unreadable(table, 'holds a row that is no journal entry');
  return entry;
}

function newer(table: string, found: unknown): ForerunError<'FOREIGN_HISTORY'> {
  if (!Number.isSafeInteger(found)) return unreadable(table, 'holds a row without a format');
  return new ForerunError(
    'FOREIGN_HISTORY',
    `The journal in ${table} has format ${String(found)}; this Forerun reads ${journalFormat}.`,
    { details: {}, next: 'Another deployer uses a newer Forerun: upgrade this one.' },
  );
}

function unreadable(table: string, what: string): ForerunError<'FOREIGN_HISTORY'> {
  return new ForerunError('FOREIGN_HISTORY', `The table ${table} of this database ${what}.`, {
    details: {},
    next: `Somebody else wrote it: see what it holds, and rename or drop ${table} where that is not needed.`,
  });
}
