import type { ParseResult, RawStmt, ScanResult } from 'libpg-query';
import { notInstalled } from './not-installed.ts';

/** What is called of libpg-query: the grammar of PostgreSQL 18, compiled. */
interface Grammar {
  loadModule(): Promise<void>;
  parseSync(sql: string): ParseResult;
  parsePlPgSQLSync(sql: string): object;
  scanSync(sql: string): ScanResult;
}

let grammar: Grammar | undefined;

/**
 * Loads PostgreSQL's own parser, which takes some tens of milliseconds once. Everything in this folder that reads SQL
 * is synchronous after it, and throws a `TypeError` before it. Safe to repeat.
 */
export async function loadParser(): Promise<void> {
  if (grammar !== undefined) return;
  const loaded = await importGrammar();
  await loaded.loadModule();
  grammar = loaded;
}

async function importGrammar(): Promise<Grammar> {
  try {
    return await import('libpg-query');
  } catch (error) {
    throw notInstalled('libpg-query', error);
  }
}

/** Why a text is no SQL. */
export interface Unreadable {
  /** PostgreSQL's own words, or ours where it has none. */
  readonly message: string;
  /** UTF-16 offset of what it stumbled over. */
  readonly at: number;
  /** Absent where the parser itself gave up. */
  readonly code?: string;
}

export type Parsed = { readonly statements: readonly RawStmt[] } | { readonly unreadable: Unreadable };

/** Locations of statements are counted in bytes of UTF-8. */
export function parse(sql: string): Parsed {
  const { parseSync } = loaded();
  // To C, it would be the end of the text, and everything behind it would go unseen.
  const zero = sql.indexOf('\0');
  if (zero >= 0) return { unreadable: { message: 'it holds a NUL character', at: zero } };
  if (sql.trim() === '') return { statements: [] };
  try {
    return { statements: parseSync(sql).stmts ?? [] };
  } catch (error) {
    return { unreadable: unreadable(sql, error) };
  }
}

/** PL/pgSQL as its own grammar reads it, from a whole DO or CREATE FUNCTION; undefined where it cannot. */
export function parsePlpgsql(sql: string): object | undefined {
  const { parsePlPgSQLSync } = loaded();
  // To libpg-query a variable of a table's type has fields only where the type is written without %ROWTYPE.
  for (const text of new Set([sql, sql.replace(/%\s*rowtype\b/gi, '')])) {
    try {
      return parsePlPgSQLSync(text);
    } catch {
      continue;
    }
  }
  return undefined;
}

export interface Token {
  /** As written. */
  readonly text: string;
  readonly kind: 'comment' | 'constant' | 'keyword' | 'name' | 'sign';
  /** In bytes of UTF-8. */
  readonly start: number;
  readonly end: number;
}

/** Undefined where the text ends inside a string or a comment. */
export function tokensOf(sql: string): readonly Token[] | undefined {
  const { scanSync } = loaded();
  const bytes = Buffer.from(sql);
  try {
    return (scanSync(sql).tokens as unknown as readonly Scanned[]).map(({ start, end, tokenType, keywordKind }) => ({
      text: bytes.toString('utf8', start, end),
      kind: keywordKind > 0 ? 'keyword' : kindOf(tokenType),
      start,
      end,
    }));
  } catch {
    return undefined;
  }
}

interface Scanned {
  readonly start: number;
  readonly end: number;
  readonly tokenType: number;
  readonly keywordKind: number;
}

/** Numbers of tokens in the grammar of PostgreSQL 18. */
function kindOf(type: number): Token['kind'] {
  if (type === 258 || type === 259) return 'name';
  if ((type >= 260 && type <= 264) || type === 266) return 'constant';
  return type === 275 || type === 276 ? 'comment' : 'sign';
}

function loaded(): Grammar {
  if (grammar === undefined) throw new TypeError('The parser is not loaded: await loadParser() first.');
  return grammar;
}

function unreadable(sql: string, error: unknown): Unreadable {
  const details = (error as { sqlDetails?: { message: string; cursorPosition: number } }).sqlDetails;
  if (details === undefined || details.message.startsWith('memory exhausted')) {
    return { message: 'an expression in it is nested too deeply', at: 0 };
  }
  return { message: details.message, at: offsetOf(sql, details.cursorPosition), code: '42601' };
}

/** PostgreSQL counts positions in characters. */
function offsetOf(sql: string, characters: number): number {
  let offset = 0;
  for (let count = 0; count < characters && offset < sql.length; count += 1) {
    offset += (sql.codePointAt(offset) ?? 0) > 0xffff ? 2 : 1;
  }
  return offset;
}
