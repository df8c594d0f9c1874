import { kindOf } from './statements-kind.ts';
import type { StatementKind } from './statements-kind.ts';
import { isBlank } from './tokens-cursor.ts';
import { eachToken, keywordOf } from './tokens.ts';
import type { Token } from './tokens.ts';

export type { StatementKind } from './statements-kind.ts';

/** One statement of a script, and what kind it is. */
export type Statement = StatementText & StatementKind;

interface StatementText {
  /**
   * From its first token to its last, without the semicolon. Definitions (`ddl`) go on up to the semicolon, because
   * SQLite keeps the comments behind them; such a text can end in a `--` comment.
   */
  readonly sql: string;
  /** 1-based line of its first token. */
  readonly line: number;
  /** 1-based position in the script. */
  readonly index: number;
  /** Why SQLite could not read it to its end; such a statement must not be run. */
  readonly incomplete?: string;
}

/**
 * Splits a script where SQLite does: at semicolons outside of strings, quoted names, comments and trigger bodies.
 * Empty statements are left out; the last one needs no semicolon.
 */
export function statementsOf(sql: string): readonly Statement[] {
  const statements: Statement[] = [];
  let reading: Reading | undefined;
  const finish = (semicolon: number): void => {
    if (reading !== undefined) statements.push(statementOf(sql, reading, semicolon, statements.length + 1));
    reading = undefined;
  };
  for (const token of eachToken(sql)) {
    if (isBlank(token)) continue;
    if (token.text === ';' && reading?.inBody !== true) finish(token.start);
    else read((reading ??= startAt(token)), token);
  }
  finish(sql.length);
  return statements;
}

/** A statement whose end has not been seen. */
interface Reading {
  readonly start: number;
  readonly line: number;
  /** Offset behind the last token. */
  end: number;
  /** The bare words that it begins with, each followed by a space; undefined once they cannot be a trigger's. */
  head: string | undefined;
  trigger: boolean;
  /** Between a trigger's BEGIN and its END, where semicolons do not end the statement. */
  inBody: boolean;
  /** The last token was a semicolon of the body. Only there can END be the trigger's, not a CASE's or a column. */
  betweenStatements: boolean;
  problem?: string;
}

function startAt({ start, line }: Token): Reading {
  return { start, line, end: start, head: '', trigger: false, inBody: false, betweenStatements: false };
}

const triggerHead = /^(?:EXPLAIN (?:QUERY PLAN )?)?CREATE (?:TEMP |TEMPORARY )?TRIGGER $/;
const longestHead = 'EXPLAIN QUERY PLAN CREATE TEMPORARY TRIGGER '.length;

function read(reading: Reading, token: Token): void {
  const keyword = keywordOf(token);
  reading.end = token.start + token.text.length;
  if (token.kind === 'error') reading.problem ??= token.problem;
  if (reading.trigger) {
    if (keyword === 'BEGIN') reading.inBody = true;
    if (keyword === 'END' && reading.betweenStatements) reading.inBody = false;
    reading.betweenStatements = token.text === ';';
  } else if (reading.head !== undefined) {
    const head = keyword === undefined ? '' : `${reading.head}${keyword} `;
    reading.trigger = triggerHead.test(head);
    reading.head = head === '' || head.length > longestHead ? undefined : head;
  }
}

function statementOf(script: string, reading: Reading, semicolon: number, index: number): Statement {
  const { start, line, end, inBody } = reading;
  const kind = kindOf(script.slice(start, end));
  const sql = script.slice(start, kind.kind === 'ddl' ? semicolon : end);
  const incomplete = reading.problem ?? (inBody ? 'the trigger has no END; after its BEGIN' : undefined);
  return { sql, line, index, ...kind, ...(incomplete === undefined ? {} : { incomplete }) };
}
