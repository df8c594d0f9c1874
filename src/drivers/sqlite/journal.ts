import { ForerunError } from '../../error.ts';
import type { Journal, JournalEntry } from '../../seams/driver.ts';
import type { Session } from '../../seams/driver.ts';
import { journalTable } from './names.ts';

/** Raised when the meaning of a row changes; a row of a newer format is refused, never guessed at. */
const format = 1;

/** One row a database: `(database TEXT PRIMARY KEY, format INTEGER, entry TEXT)`, the entry as JSON. */
export function sqliteJournal(session: Session): Journal {
  return {
    async read(database) {
      if (!(await exists(session))) return undefined;
      const [row] = await session.query(`SELECT format, entry FROM main.${journalTable} WHERE database = ?`, [database]);
      if (row === undefined) return undefined;
      if (row['format'] !== format) throw newer(row['format']);
      return JSON.parse(String(row['entry'])) as JournalEntry;
    },
    async write(database, entry) {
      await session.query(
        `CREATE TABLE IF NOT EXISTS main.${journalTable} (database TEXT PRIMARY KEY, format INTEGER NOT NULL, entry TEXT NOT NULL)`,
      );
      await session.query(`INSERT OR REPLACE INTO main.${journalTable} (database, format, entry) VALUES (?, ?, ?)`, [
        database,
        format,
        JSON.stringify(entry),
      ]);
    },
  };
}

async function exists(session: Session): Promise<boolean> {
  const rows = await session.query(`SELECT 1 FROM main.sqlite_schema WHERE type = 'table' AND name = ?`, [journalTable]);
  return rows.length > 0;
}

function newer(found: unknown): ForerunError<'FOREIGN_HISTORY'> {
  return new ForerunError('FOREIGN_HISTORY', `The journal in ${journalTable} has format ${String(found)}; this Forerun reads ${format}.`, {
    details: {},
    next: 'Another deployer uses a newer Forerun: upgrade this one.',
  });
}
