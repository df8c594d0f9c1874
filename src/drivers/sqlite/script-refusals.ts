import type { Statement } from './statements.ts';
import { TokenCursor } from './tokens-cursor.ts';
import { eachToken } from './tokens.ts';
import { savepoint } from './transaction.ts';

/** Why a statement cannot be part of a migration, and what to do instead. */
export interface Refusal {
  readonly message: string;
  readonly next: string;
  /** Where it is not the statement's first line. */
  readonly line?: number;
}

/** Undefined for what can be run. */
export function reasonToRefuse(statement: Statement): Refusal | undefined {
  if (statement.incomplete !== undefined) {
    return {
      message: `A statement cannot be read to its end: ${statement.incomplete}.`,
      next: 'Complete the statement.',
    };
  }
  return byKind(statement) ?? parameterIn(statement);
}

function byKind(statement: Statement): Refusal | undefined {
  switch (statement.kind) {
    case 'attach':
      return otherFile('ATTACH and DETACH reach');
    case 'standalone':
      return writesFile(statement.sql) ? otherFile('VACUUM INTO writes') : undefined;
    case 'rollback':
      return {
        message: 'ROLLBACK would undo the migration and let it count as applied.',
        next: 'Leave it out: a failing statement rolls everything back.',
      };
    case 'savepoint':
      return namesOurs(statement.sql)
        ? { message: `The savepoint "${savepoint}" is Forerun's own.`, next: 'Give the savepoint another name.' }
        : undefined;
    case 'pragma':
      return pragma(statement.pragma, statement.value);
    default:
      return undefined;
  }
}

/** Pragmas that do not travel with a branch, or that do nothing inside a transaction. */
const connectionPragmas = ['journal_mode', 'page_size', 'auto_vacuum', 'encoding', 'locking_mode', 'wal_checkpoint'];

function pragma(name: string, value: string | undefined): Refusal | undefined {
  if (!connectionPragmas.includes(name) || (value === undefined && name !== 'wal_checkpoint')) return undefined;
  return {
    message: `PRAGMA ${name} changes the file or the connection, not the schema; it cannot be rehearsed and promoted.`,
    next: 'Leave it out of the migration, and set it where the application opens the database.',
  };
}

function otherFile(what: string): Refusal {
  return {
    message: `${what} another database, which has no branch to rehearse on.`,
    next: 'Migrate each database on its own.',
  };
}

function writesFile(sql: string): boolean {
  const cursor = new TokenCursor(sql);
  cursor.advance();
  if (!cursor.atWord('INTO')) cursor.takeName();
  return cursor.atWord('INTO');
}

function namesOurs(sql: string): boolean {
  const cursor = new TokenCursor(sql);
  let last: string | undefined;
  while (cursor.token !== undefined) last = cursor.takeName() ?? (cursor.advance(), last);
  return last?.toLowerCase() === savepoint;
}

/** SQLite takes a parameter without a value for NULL. */
function parameterIn({ sql, line }: Statement): Refusal | undefined {
  if (!/[?:@$]/.test(sql)) return undefined;
  for (const token of eachToken(sql)) {
    if (token.kind !== 'parameter') continue;
    return {
      message: `The parameter ${token.text} has no value in a script.`,
      next: 'Write the value itself.',
      line: line + token.line - 1,
    };
  }
  return undefined;
}
