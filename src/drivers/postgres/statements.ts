import type { Node, RawStmt } from 'libpg-query';
import { kindOf, type NodeKind } from './nodes.ts';
import { parse, tokensOf } from './parser.ts';
import { refuseUnreadable } from './unreadable.ts';

/** One statement of a script, as PostgreSQL's own grammar reads it. */
export interface Statement {
  /** From its first token to its last, without the semicolon. */
  readonly sql: string;
  /** What stands between it and the statement before: its comments, trimmed. Permits are in there. */
  readonly comment: string;
  /** 1-based line of its first token. */
  readonly line: number;
  /** 1-based position in the script. */
  readonly index: number;
  readonly kind: NodeKind;
  readonly node: Node;
}

/**
 * Splits a script where PostgreSQL does. Empty statements are left out; the last one needs no semicolon. Throws
 * `STATEMENT_FAILED` with the line for a syntax error, before anything has run, and `BAD_MIGRATION` for what only psql
 * understands. `loadParser` must have been awaited.
 */
export function statementsOf(script: string, file?: string): readonly Statement[] {
  // A byte order mark is no part of SQL.
  const sql = script.startsWith('\uFEFF') ? script.slice(1) : script;
  const parsed = parse(sql);
  if ('unreadable' in parsed) refuseUnreadable(sql, parsed.unreadable, file);
  const text = new ScriptText(sql);
  return parsed.statements.map((raw, at) => statementOf(text, raw, at + 1));
}

/** A script that is read forwards, by offsets in bytes. */
class ScriptText {
  readonly #bytes: Buffer;
  readonly #ascii: string | undefined;
  #line = 1;
  #counted = 0;
  /** Offset behind the statement that was read last. */
  end = 0;

  constructor(sql: string) {
    this.#bytes = Buffer.from(sql);
    this.#ascii = this.#bytes.length === sql.length ? sql : undefined;
  }

  get length(): number {
    return this.#bytes.length;
  }

  slice(start: number, end: number): string {
    return this.#ascii?.slice(start, end) ?? this.#bytes.toString('utf8', start, end);
  }

  lineAt(offset: number): number {
    for (; this.#counted < offset; this.#counted += 1) if (this.#bytes[this.#counted] === 0x0a) this.#line += 1;
    return this.#line;
  }
}

function statementOf(text: ScriptText, raw: RawStmt, index: number): Statement {
  const start = raw.stmt_location ?? 0;
  const length = raw.stmt_len ?? 0;
  const end = length === 0 ? text.length : start + length;
  const comment = text.slice(text.end, start).replace(/^[\s;]+/, '');
  text.end = end;
  const node = raw.stmt as Node;
  return {
    sql: withoutTail(text.slice(start, end)),
    comment: comment.trimEnd(),
    line: text.lineAt(start),
    index,
    kind: kindOf(node),
    node,
  };
}

/** Without the comments behind the last token. */
function withoutTail(sql: string): string {
  const trimmed = sql.trimEnd();
  const lastLine = trimmed.slice(trimmed.lastIndexOf('\n') + 1);
  if (!trimmed.endsWith('*/') && !lastLine.includes('--')) return trimmed;
  const last = tokensOf(trimmed)?.findLast(({ kind }) => kind !== 'comment');
  return last === undefined ? trimmed : Buffer.from(trimmed).toString('utf8', 0, last.end);
}
