import { ForerunError } from '../../error.ts';
import { assignedBy, type ColumnsOf } from './assignments.ts';
import { renamesIn, type Renames } from './renames.ts';
import { reasonToRefuse } from './script-refusals.ts';
import { statementsOf, type Statement } from './statements.ts';
import { tokensOf } from './tokens.ts';

/** How a script is to be run. */
export interface Script {
  /** Everything that the text says, but the foreign_keys pragma. */
  readonly all: readonly Statement[];
  /** What runs inside our transaction: the same without transaction control. */
  readonly statements: readonly Statement[];
  /** Whether a statement is refused by SQLite inside a transaction. */
  readonly standalone: boolean;
  /** Whether the script itself asks for foreign keys to be off. */
  readonly foreignKeysOff: boolean;
  /** The columns that a statement sets, under the names that their tables have in the end. */
  assigns(statement: Statement, columnsOf: ColumnsOf): readonly string[];
  /** What a table that a statement names is called in the end. */
  lastName(table: string, statement: Statement): string;
  /** What was left out and why, for a run in our transaction, and for one without. */
  readonly notes: readonly string[];
  readonly notesAlone: readonly string[];
}

/** Reads a script before anything of it runs; throws `BAD_MIGRATION` for what cannot be run safely. */
export function readScript(sql: string, file: string | undefined): Script {
  const text = statementsOf(sql);
  for (const statement of text) refuse(statement, file);
  const foreignKeys = text.filter(isForeignKeysPragma);
  const all = text.filter((statement) => !isForeignKeysPragma(statement));
  const control = all.filter(isControl);
  const renames = renamesIn(text);
  const notes = [...commentNote(sql), ...foreignKeysNote(foreignKeys), ...temporaryNote(all)];
  return {
    all,
    statements: all.filter((statement) => !isControl(statement)),
    standalone: all.some((statement) => statement.kind === 'standalone'),
    foreignKeysOff: foreignKeys.some(
      (statement) => !/^([1-9]\d*|on|yes|true|extra|full)$/i.test(statement.value ?? ''),
    ),
    assigns: (statement, columnsOf) => assigned(statement, columnsOf, renames),
    lastName: (table, statement) => renames.lastName(table, statement.index - 1),
    notes: [...notes, ...controlNote(control)],
    notesAlone: [...notes, aloneNote(all)],
  };
}

function refuse(statement: Statement, file: string | undefined): void {
  const reason = reasonToRefuse(statement);
  if (reason === undefined) return;
  const { line, index, sql } = statement;
  throw new ForerunError('BAD_MIGRATION', reason.message, {
    details: { where: { ...(file === undefined ? {} : { file }), line: reason.line ?? line, statement: index, sql } },
    next: reason.next,
  });
}

type PragmaStatement = Extract<Statement, { kind: 'pragma' }>;

function isForeignKeysPragma(statement: Statement): statement is PragmaStatement {
  return statement.kind === 'pragma' && statement.pragma === 'foreign_keys' && statement.value !== undefined;
}

function isControl({ kind }: Statement): boolean {
  return kind === 'begin' || kind === 'commit';
}

/** A table that is filled under one name and renamed later was assigned under its last name. */
function assigned(statement: Statement, columnsOf: ColumnsOf, renames: Renames): readonly string[] {
  const at = statement.index - 1;
  return assignedBy(statement.sql, columnsOf).map((assignment) => {
    const [table = '', ...rest] = assignment.split('.');
    return `${renames.lastName(table, at)}.${renames.lastColumn(table, rest.join('.'), at)}`;
  });
}

function* controlNote(control: readonly Statement[]): Iterable<string> {
  if (control.length === 0) return;
  yield `Left out its own transaction control: ${placesOf(control)}. The migration and its history row share one transaction.`;
}

function* foreignKeysNote(pragmas: readonly Statement[]): Iterable<string> {
  if (pragmas.length === 0) return;
  const lines = pragmas.map((statement) => `line ${statement.line}`).join(', ');
  yield `Left out PRAGMA foreign_keys (${lines}): it has no effect inside a transaction, so Forerun sets it before.`;
}

/** What no other session sees, and this one takes along when it ends. */
function* temporaryNote(all: readonly Statement[]): Iterable<string> {
  const made = all.filter((statement) => !isControl(statement));
  if (made.length === 0 || !made.every(({ sql }) => /^create\s+temp(?:orary)?\b/i.test(sql))) return;
  yield 'It makes nothing but temporary objects, which are gone with its session: main stays as it is.';
}

function aloneNote(all: readonly Statement[]): string {
  const alone = all.filter((statement) => statement.kind === 'standalone');
  return `Ran without a transaction of ours${alone.length === 0 ? '' : `, because of ${placesOf(alone)}`}.`;
}

/** To SQLite such a comment is the end of the script, and nothing is wrong with it. */
function* commentNote(sql: string): Iterable<string> {
  if (sql.includes('*/', sql.lastIndexOf('/*') + 2)) return;
  const last = tokensOf(sql).at(-1);
  if (last?.kind !== 'comment' || !last.text.startsWith('/*')) return;
  yield `The comment that begins on line ${last.line} is never closed: nothing after it was run.`;
}

function placesOf(statements: readonly Statement[]): string {
  return statements.map((statement) => `${firstWord(statement)} (line ${statement.line})`).join(', ');
}

function firstWord(statement: Statement): string {
  return /^\w*/.exec(statement.sql)?.[0].toUpperCase() ?? '';
}
