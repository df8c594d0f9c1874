import { ForerunError } from '../../error.ts';
import type { Journal, JournalEntry, Session } from '../../seams/driver.ts';
import { journalTable } from './names.ts';

/** Raised when the meaning of a row changes; a row of a newer format is refused, never guessed at. */
const format = 1;

/** One row a database: `(database TEXT PRIMARY KEY, format INTEGER, entry TEXT)`, the entry as JSON. */
export function sqliteJournal(session: Session): Journal {
  return {
    async read(database) {
      if (!(await isOurs(session))) return undefined;
      const [row] = await session.query(`SELECT format, entry FROM main.${journalTable} WHERE database = ?`, [
        database,
      ]);
      if (row === undefined) return undefined;
      if (row['format'] !== format) throw newer(row['format']);
      return entryIn(row['entry']);
    },
    async write(database, entry) {
      if (!(await isOurs(session))) {
        await session.query(
          `CREATE TABLE main.${journalTable} (database TEXT PRIMARY KEY, format INTEGER NOT NULL, entry TEXT NOT NULL)`,
        );
      }
      await session.query(`INSERT OR REPLACE INTO main.${journalTable} (database, format, entry) VALUES (?, ?, ?)`, [
        database,
        format,
        JSON.stringify(entry),
      ]);
    },
  };
}

async function isOurs(session: Session): Promise<boolean> {
  const columns = await session.query('SELECT name FROM pragma_table_info(?, ?)', [journalTable, 'main']);
  if (columns.length === 0) return false;
  if (['database', 'format', 'entry'].every((name) => columns.some((column) => column['name'] === name))) return true;
  throw unreadable('has other columns than ours');
}

function entryIn(text: unknown): JournalEntry {
  try {
    const entry: unknown = JSON.parse(String(text));
    if (isEntry(entry)) return entry;
  } catch {
    // What cannot be parsed is refused like what makes no sense; the parser's message would quote it.
  }
  throw unreadable('holds a row that is no journal entry');
}

const phases: readonly unknown[] = [
  'started',
  'promoting',
  'swapped',
  'finished',
] satisfies readonly JournalEntry['phase'][];

/** By hand, because `status` reads this and must not wait for a validator to load. */
function isEntry(entry: unknown): entry is JournalEntry {
  if (typeof entry !== 'object' || entry === null) return false;
  const { run, epoch, host, pid, phase, migration, statement, checkpoint, takenBack, at } = entry as Record<
    string,
    unknown
  >;
  return (
    [run, host, at].every((text) => typeof text === 'string') &&
    [epoch, pid].every((number) => Number.isSafeInteger(number)) &&
    phases.includes(phase) &&
    [migration, checkpoint].every((text) => text === undefined || typeof text === 'string') &&
    (statement === undefined || Number.isSafeInteger(statement)) &&
    (takenBack === undefined || (Array.isArray(takenBack) && takenBack.every((name) => typeof name === 'string')))
  );
}

function newer(found: unknown): ForerunError<'FOREIGN_HISTORY'> {
  if (!Number.isSafeInteger(found)) return unreadable('holds a row without a format');
  return new ForerunError(
    'FOREIGN_HISTORY',
    `The journal in ${journalTable} has format ${String(found)}; this Forerun reads ${format}.`,
    {
      details: {},
      next: 'Another deployer uses a newer Forerun: upgrade this one.',
    },
  );
}

function unreadable(what: string): ForerunError<'FOREIGN_HISTORY'> {
  return new ForerunError('FOREIGN_HISTORY', `The table ${journalTable} of this database ${what}.`, {
    details: {},
    next: `Somebody else wrote it: see what it holds, and rename or drop ${journalTable} where that is not needed.`,
  });
}
