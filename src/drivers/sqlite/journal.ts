import { journalFormat } from '../../journal-entry.ts';
import type { Session } from '../../seams/driver.ts';
import type { Journal } from '../../seams/records.ts';
import { isOurJournal, journalEntry } from '../own-tables.ts';
import { journalTable } from './names.ts';

/** One row a database: `(database TEXT PRIMARY KEY, format INTEGER, entry TEXT)`, the entry as JSON. */
export function sqliteJournal(session: Session): Journal {
  return {
    async read(database) {
      if (!(await isOurs(session))) return undefined;
      const [row] = await session.query(`SELECT format, entry FROM main.${journalTable} WHERE database = ?`, [
        database,
      ]);
      return row && journalEntry(journalTable, row);
    },
    async write(database, entry) {
      if (!(await isOurs(session))) {
        await session.query(
          `CREATE TABLE main.${journalTable} (database TEXT PRIMARY KEY, format INTEGER NOT NULL, entry TEXT NOT NULL)`,
        );
      }
      await session.query(`INSERT OR REPLACE INTO main.${journalTable} (database, format, entry) VALUES (?, ?, ?)`, [
        database,
        journalFormat,
        JSON.stringify(entry),
      ]);
    },
  };
}

async function isOurs(session: Session): Promise<boolean> {
  const columns = await session.query('SELECT name FROM pragma_table_info(?, ?)', [journalTable, 'main']);
  return isOurJournal(
    journalTable,
    columns.map((column) => String(column['name'])),
  );
}
