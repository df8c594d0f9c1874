import { messageOf } from '../../error.ts';
import type { Connection } from '../../seams/driver.ts';
import { isNested, stateOf } from './failures.ts';

/**
 * What may be shown of an error: PostgreSQL's message, never its DETAIL, HINT or CONTEXT, which hold values. Most messages
 * name objects; of those that quote what was read, only what stands in the statement's own text is kept. What is no
 * error of PostgreSQL's is in the migration's own words, and is shown.
 */
export function safeWords(error: unknown, sql = ''): string {
  const message = messageOf(error);
  const state = stateOf(error);
  if (!(error instanceof Error) || state === undefined) return message;
  if (isRaised(error)) return raisedWords(message, sql);
  if (!mayQuote.test(state) && !isNested(error)) return message;
  return shortened(message, sql);
}

/** The same, with the words that stand as they are in a function or a trigger of the database: those hold no value. */
export async function knownWords(error: unknown, sql: string, connect: () => Promise<Connection>): Promise<string> {
  const words = safeWords(error, sql);
  if (!(error instanceof Error) || !isRaised(error) || words === error.message) return words;
  const literal = `'${error.message.replaceAll("'", "''")}'`;
  try {
    await using connection = await connect();
    const [row] = await connection.query(
      'SELECT EXISTS (SELECT FROM pg_catalog.pg_proc WHERE strpos(prosrc, $1) > 0) AS written',
      [literal],
    );
    return row?.['written'] === true ? error.message : words;
  } catch {
    return words;
  }
}

/** Data exceptions, errors of foreign servers, of external routines and of extensions. */
const mayQuote = /^(?:22|2F|38|39|HV|P0|XX)/;

/** By RAISE in PL/pgSQL, whatever its code. */
function isRaised(error: Error): boolean {
  return 'routine' in error && error.routine === 'exec_stmt_raise';
}

/** Where the statement itself (a DO block) has the message, its placeholders stand for what was put in. */
function raisedWords(message: string, sql: string): string {
  for (const [, quoted = ''] of sql.matchAll(/'((?:[^']|'')*)'/g)) {
    const literal = quoted.replaceAll("''", "'");
    if (literal !== '' && formatted(literal).test(message)) return literal.replaceAll('%%', '%');
  }
  return 'A function or a trigger refused it (RAISE); its message is not shown, because it may hold values.';
}

function formatted(literal: string): RegExp {
  const parts = literal.split(/(%%|%)/).map((part) => {
    if (part === '%') return '.*';
    return part === '%%' ? '%' : part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  });
  return new RegExp(`^${parts.join('')}$`, 's');
}

/** A value in quotes may hold quotes: it goes from the first to the last. */
function shortened(message: string, sql: string): string {
  const [, before = '', quoted, behind = ''] = /^([^"]*)"(.*)"([^"]*)$/s.exec(message) ?? [];
  if (quoted !== undefined) {
    if (isWritten(quoted, sql)) return message;
    return before.includes(': ') && !before.endsWith(': ')
      ? head(message)
      : `${before}"…"${/:/.test(behind) ? '' : behind}`;
  }
  const rest = /: (.*)$/s.exec(message)?.[1];
  return rest === undefined || isWritten(rest, sql) ? message : head(message);
}

function head(message: string): string {
  return `${message.split(/:|"/, 1)[0]?.trim() ?? ''} (the rest may hold values)`;
}

function isWritten(text: string, sql: string): boolean {
  const bare = /^[-+\w.]+$/.test(text) && sql.split(/[^-+\w.]+/).includes(text);
  return bare || sql.includes(`'${text.replaceAll("'", "''")}'`) || sql.includes(`"${text.replaceAll('"', '""')}"`);
}
