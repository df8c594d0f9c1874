import { ForerunError } from '../../error.ts';
import type { Where } from '../../seams/evidence.ts';
import { as } from './nodes.ts';
import { parse, tokensOf, type Unreadable } from './parser.ts';

/** Says why a script is no SQL, where, and what to do about it. */
export function refuseUnreadable(sql: string, unreadable: Unreadable, file: string | undefined): never {
  const { message, at, code } = unreadable;
  const before = completeBefore(sql.slice(0, at));
  const where: Where = {
    ...(file === undefined ? {} : { file }),
    line: lineAt(sql, at),
    statement: before.count + 1,
    sql: firstPart(sql.slice(before.end), at - before.end),
  };
  const foreign = before.copies ? rowsOfPsql : psqlAt(sql.slice(at));
  if (foreign !== undefined) {
    throw new ForerunError('BAD_MIGRATION', foreign.message, { details: { where }, next: foreign.next });
  }
  if (code === undefined) {
    throw new ForerunError('BAD_MIGRATION', `The script cannot be read: ${message}.`, {
      details: { where },
      next: 'Write it without that.',
    });
  }
  throw new ForerunError('STATEMENT_FAILED', message, { details: { where, code } });
}

interface Foreign {
  readonly message: string;
  readonly next: string;
}

const rowsOfPsql: Foreign = {
  message: 'The rows behind COPY … FROM stdin are read by psql, not by the server.',
  next: 'Write them as INSERT (pg_dump --inserts does), or load them from a migration in JavaScript.',
};

function psqlAt(rest: string): Foreign | undefined {
  const command = /^\\(\S*)/.exec(rest);
  if (command !== null) {
    return { message: `\\${command[1]} is a command of psql, not SQL.`, next: insteadOf(command[1] ?? '') };
  }
  const variable = /^:(?:'\w+'|"\w+"|\w+)/.exec(rest);
  if (variable === null) return undefined;
  return { message: `${variable[0]} is a variable of psql, not SQL.`, next: 'Write the value itself.' };
}

function insteadOf(command: string): string {
  if (/^ir?$|^include/.test(command))
    return 'Put the text of that file in its place, or make it a migration of its own.';
  if (command === 'copy') return 'Write the rows as INSERT, or load them from a migration in JavaScript.';
  if (/^(?:un)?restrict$/.test(command)) return 'pg_dump writes this line for psql; leave it out.';
  if (/^c(?:onnect)?$/.test(command)) return 'Leave it out: a migration works on the one database that it is run on.';
  return 'Leave it out.';
}

/** The statements that were complete before the parser stumbled. */
function completeBefore(sql: string): { readonly count: number; readonly end: number; readonly copies: boolean } {
  const semicolons = (tokensOf(sql) ?? []).filter(({ text }) => text === ';');
  const bytes = Buffer.from(sql);
  // The last semicolon may stand inside a BEGIN ATOMIC body; then an earlier one ended a statement.
  for (const { end } of semicolons.slice(-50).toReversed()) {
    const text = bytes.toString('utf8', 0, end);
    const parsed = parse(text);
    if ('unreadable' in parsed) continue;
    const copy = as('CopyStmt', parsed.statements.at(-1)?.stmt);
    const copies = copy?.is_from === true && copy.filename === undefined;
    return { count: parsed.statements.length, end: text.length, copies };
  }
  return { count: 0, end: 0, copies: false };
}

/** One statement as far as can be told: up to the first semicolon behind the error. */
function firstPart(sql: string, errorAt: number): string {
  const semicolon = sql.indexOf(';', Math.max(errorAt, 0));
  const text = sql.slice(0, semicolon < 0 ? sql.length : semicolon).trim();
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}

const longest = 1000;

function lineAt(sql: string, offset: number): number {
  let line = 1;
  for (let at = sql.indexOf('\n'); at >= 0 && at < offset; at = sql.indexOf('\n', at + 1)) line += 1;
  return line;
}
