import { messageOf } from '../../error.ts';
import { codeOf } from './busy.ts';
import type { SqliteDatabase } from './client.ts';

/**
 * What SQLite says of a statement that failed while it ran, without anything that may have been read from the database.
 * Messages about constraints name tables and columns; RAISE, JSON and full-text functions, extensions and functions of
 * the application can put values in theirs. Of such a message only that is kept which is a literal of the statement or
 * of the schema, or what comes before the first colon or quote.
 */
export function safeWords(error: unknown, database: SqliteDatabase, sql: string): string {
  if (!(error instanceof Error)) return 'A function threw what is no Error.';
  const code = codeOf(error);
  if (code === undefined || !code.startsWith('SQLITE_')) {
    return `A function of the application threw ${error.name}; its message is not shown, because it may hold values.`;
  }
  // ALTER and DROP read no values into what they say; ON DELETE RESTRICT is a trigger to SQLite.
  if (
    !free.includes(code) ||
    error.message === 'FOREIGN KEY constraint failed' ||
    /^\s*(alter|drop)\b/i.test(sql) ||
    isWritten(error.message, database, sql)
  )
    return error.message;
  if (code === 'SQLITE_CONSTRAINT_TRIGGER') {
    return 'A trigger refused it; its message is not shown, because it is made of values.';
  }
  const rest = error.message.slice(headOf(error.message).length);
  return rest === '' || isWritten(rest.replace(/^[:\s'"]+|['"]+$/g, ''), database, sql)
    ? error.message
    : headAlone(error.message);
}

/**
 * The same of whatever a migration in code threw, where no statement is known. What is no error of SQLite's is in the
 * migration's own words, and is shown.
 */
export function safeMessage(error: unknown): string {
  const code = codeOf(error) ?? '';
  if (!(error instanceof Error) || !code.startsWith('SQLITE_')) return messageOf(error);
  if (code === 'SQLITE_CONSTRAINT_TRIGGER' && error.message !== 'FOREIGN KEY constraint failed') {
    return 'A trigger refused it; its message is not shown, because it may be made of values.';
  }
  // These name what the schema does not have. (A full-text search says so of a word of the search as well.)
  if (!free.includes(code) || /^(?:no such|table|index|duplicate column|near|there is already)\b/.test(error.message)) {
    return error.message;
  }
  return headOf(error.message) === error.message ? error.message : headAlone(error.message);
}

/** Codes under which functions, triggers and modules put words of their own. */
const free: readonly string[] = [
  'SQLITE_ERROR',
  'SQLITE_CONSTRAINT',
  'SQLITE_CONSTRAINT_TRIGGER',
  'SQLITE_CONSTRAINT_FUNCTION',
  'SQLITE_CONSTRAINT_VTAB',
];

function headOf(message: string): string {
  return message.split(/(?=[:'"])/s, 1)[0] ?? '';
}

function headAlone(message: string): string {
  return `${headOf(message).trim()} (the rest may hold values)`;
}

/** Whether the text is a literal of the statement or of the schema. */
function isWritten(text: string, database: SqliteDatabase, sql: string): boolean {
  const literals = [`'${text.replaceAll("'", "''")}'`, `"${text.replaceAll('"', '""')}"`];
  if (literals.some((literal) => sql.includes(literal))) return true;
  const found = database
    .prepare('SELECT count(*) AS n FROM main.sqlite_schema WHERE instr(sql, ?) OR instr(sql, ?)')
    .get(...literals) as { n: number };
  return found.n > 0;
}
