import { journalFormat } from '../../journal-entry.ts';
import type { Session } from '../../seams/driver.ts';
import type { Journal } from '../../seams/records.ts';
import { isOurJournal, journalEntry } from '../own-tables.ts';
import { journalTable, quoteIdentifier } from './names.ts';
import { shapesOf } from './shape.ts';

/** One row a database: `(database TEXT PRIMARY KEY, format INTEGER, entry TEXT)`, the entry as JSON. */
export function postgresJournal(session: Session, schema = 'public'): Journal {
  const journal = `${quoteIdentifier(schema)}.${journalTable}`;
  const exists = async (): Promise<boolean> => {
    const [shape] = await shapesOf(session, [{ schema, table: journalTable }]);
    return shape !== undefined && isOurJournal(journalTable, shape.columns);
  };
  return {
    async read(database) {
      if (!(await exists())) return undefined;
      const [row] = await session.query(`SELECT format, entry FROM ${journal} WHERE database = $1`, [database]);
      return row && journalEntry(journalTable, row);
    },
    async write(database, entry) {
      if (!(await exists())) {
        await session.query(
          `CREATE TABLE ${journal} (database TEXT PRIMARY KEY, format INTEGER NOT NULL, entry TEXT NOT NULL)`,
        );
      }
      await session.query(
        `INSERT INTO ${journal} (database, format, entry) VALUES ($1, $2, $3)
             ON CONFLICT (database) DO UPDATE SET format = excluded.format, entry = excluded.entry`,
        [database, journalFormat, JSON.stringify(entry)],
      );
    },
  };
}
