import { ForerunError } from '../../error.ts';
import { assignedBy, renamesOf, type ColumnsOf } from './assignments.ts';
import { statementsOf, type Statement } from './statements.ts';

/** How a script is to be run. */
export interface Script {
  /** Everything that the text says. */
  readonly all: readonly Statement[];
  /** What runs inside our transaction: all but transaction control and the foreign_keys pragma. */
  readonly statements: readonly Statement[];
  /** Whether a statement is refused by SQLite inside a transaction. */
  readonly standalone: boolean;
  /** Whether the script itself asks for foreign keys to be off. */
  readonly foreignKeysOff: boolean;
  /** The columns that a statement sets, under the names that their tables have in the end. */
  assigns(statement: Statement, columnsOf: ColumnsOf): readonly string[];
  readonly notes: readonly string[];
}

/** Pragmas that do not travel with a branch, or that do nothing inside a transaction. */
const connectionPragmas = ['journal_mode', 'page_size', 'auto_vacuum', 'encoding', 'locking_mode', 'wal_checkpoint'];

/** Reads a script before anything of it runs; throws `BAD_MIGRATION` for what cannot be run safely. */
export function readScript(sql: string, file: string | undefined): Script {
  const all = statementsOf(sql);
  for (const statement of all) refuse(statement, file);
  const standalone = all.some((statement) => statement.kind === 'standalone');
  const control = all.filter((statement) => statement.kind === 'begin' || statement.kind === 'commit');
  const foreignKeys = all.filter(
    (statement): statement is Extract<Statement, { kind: 'pragma' }> =>
      statement.kind === 'pragma' && statement.pragma === 'foreign_keys' && statement.value !== undefined,
  );
  const leftOut = new Set<Statement>([...control, ...foreignKeys]);
  return {
    all,
    statements: all.filter((statement) => !leftOut.has(statement)),
    standalone,
    foreignKeysOff: foreignKeys.some((statement) => /^(off|0|false|no)$/i.test(statement.value ?? '')),
    assigns: assignmentsOf(all),
    notes: standalone ? [aloneNote(all)] : [...controlNote(control)],
  };
}

/** A table that is filled under one name and renamed later was assigned under its last name. */
function assignmentsOf(all: readonly Statement[]): Script['assigns'] {
  const renames = all.map((statement) => renamesOf(statement.sql));
  const lastName = (table: string, from: number): string => {
    const at = renames.findIndex((rename, index) => index > from && rename?.from.toLowerCase() === table.toLowerCase());
    const to = renames[at]?.to;
    return to === undefined ? table : lastName(to, at);
  };
  return (statement, columnsOf) =>
    assignedBy(statement.sql, columnsOf).map((column) => {
      const [table = '', ...rest] = column.split('.');
      return [lastName(table, all.indexOf(statement)), ...rest].join('.');
    });
}

function refuse(statement: Statement, file: string | undefined): void {
  const reason = reasonToRefuse(statement);
  if (reason === undefined) return;
  throw new ForerunError('BAD_MIGRATION', reason.message, {
    details: {
      where: { ...(file === undefined ? {} : { file }), line: statement.line, statement: statement.index, sql: statement.sql },
    },
    next: reason.next,
  });
}

function reasonToRefuse(statement: Statement): { message: string; next: string } | undefined {
  if (statement.incomplete !== undefined) {
    return { message: `A statement cannot be read to its end: ${statement.incomplete}.`, next: 'Complete the statement.' };
  }
  switch (statement.kind) {
    case 'attach':
      return {
        message: 'ATTACH and DETACH reach another database, which has no branch to rehearse on.',
        next: 'Migrate each database on its own.',
      };
    case 'rollback':
      return { message: 'ROLLBACK would undo the migration and let it count as applied.', next: 'Leave it out: a failing statement rolls everything back.' };
    case 'pragma':
      if (statement.value === undefined || !connectionPragmas.includes(statement.pragma)) return undefined;
      return {
        message: `PRAGMA ${statement.pragma} changes the file or the connection, not the schema; it cannot be rehearsed and promoted.`,
        next: 'Leave it out of the migration, and set it where the application opens the database.',
      };
    default:
      return undefined;
  }
}

function* controlNote(control: readonly Statement[]): Iterable<string> {
  if (control.length === 0) return;
  const places = control.map((statement) => `${firstWord(statement)} (line ${statement.line})`).join(', ');
  yield `Left out its own transaction control: ${places}. The migration and its history row share one transaction.`;
}

function aloneNote(all: readonly Statement[]): string {
  const alone = all.find((statement) => statement.kind === 'standalone');
  return `Ran without a transaction, because of ${alone === undefined ? '' : firstWord(alone)} (line ${alone?.line ?? 0}).`;
}

function firstWord(statement: Statement): string {
  return statement.sql.split(/\s/, 1)[0]?.toUpperCase() ?? '';
}
