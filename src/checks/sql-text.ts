import { ForerunError } from '../error.ts';

/** One statement of a check file. */
export interface CheckStatement {
  readonly sql: string;
  /** 1-based line of its first token. */
  readonly line: number;
  /** The code that the database must refuse it with; absent where it is a question. */
  readonly mustFail?: string;
}

/**
 * The statements of a check file, as `split` finds them, each with what the line above says that it must fail with. Throws
 * `CONFIG` with file and line for a line that is meant for Forerun and not understood.
 */
export function checkStatements(
  text: string,
  path: string,
  split: (text: string) => readonly { readonly sql: string }[],
): readonly CheckStatement[] {
  const told = toldIn(text, path);
  let end = 0;
  const statements = split(text).map(({ sql }) => {
    const start = startOf(text, sql, end);
    const above = told.filter(({ at }) => at >= end && at < start);
    end = start + sql.length;
    const line = lineAt(text, start);
    const inside = told.find(({ at }) => at > start && at < end);
    if (inside !== undefined) throw misplaced(path, inside.line);
    if (above.length > 1) throw wrongCheck(path, above[1]?.line ?? line, 'one statement fails with one code', written);
    const [first] = above;
    return { sql, line, ...(first === undefined ? {} : { mustFail: first.code }) };
  });
  const behind = told.find(({ at }) => at >= end);
  if (behind !== undefined) throw misplaced(path, behind.line);
  if (statements.length === 0) throw wrongCheck(path, 1, 'the file has no statement', 'Write a SELECT, or remove it.');
  return statements;
}

/** Throws `CONFIG` for a statement that asks nothing: it would seem to hold, and what it does is thrown away. */
export function refuseSilent(path: string, { sql, line, mustFail }: CheckStatement): void {
  if (mustFail !== undefined || isQuestion(sql)) return;
  const head = sql.split('\n', 1)[0] ?? '';
  const next = `A check is a SELECT, and each row that it finds is a finding. ${written}`;
  throw wrongCheck(path, line, `the statement asks nothing, and is not said to fail: ${head}`, next);
}

/** Whether the database refused with the code that was asked for, with one of its kind, or of its SQLSTATE class. */
export function isCode(code: string, wanted: string): boolean {
  const [found, name] = [code.toUpperCase(), wanted.toUpperCase()];
  return found === name || found.startsWith(`${name}_`) || (/^[0-9A-Z]{2}$/.test(name) && isState(found, name));
}

/** An error in a check file, with its place. */
export function wrongCheck(path: string, line: number, what: string, next: string): ForerunError<'CONFIG'> {
  return new ForerunError('CONFIG', `${path}:${line}: ${what}.`, { details: { keys: ['checks'], file: path }, next });
}

interface Told {
  readonly code: string;
  /** Offset of the line. */
  readonly at: number;
  readonly line: number;
}

const written =
  'Write, on a line of its own right above the statement that the database must refuse: -- forerun: must fail <code>';

function toldIn(text: string, path: string): readonly Told[] {
  let at = 0;
  return text.split('\n').flatMap((content, index) => {
    const start = at;
    at += content.length + 1;
    if (!/(?:--|\/\*)[ \t]*forerun\b/i.test(content)) return [];
    const code = /^\s*--[ \t]*forerun:[ \t]*must[ \t]+fail[ \t]+(\w+)\s*$/i.exec(content)?.[1];
    if (code === undefined) throw wrongCheck(path, index + 1, `"${content.trim()}" is not understood`, written);
    return [{ code, at: start, line: index + 1 }];
  });
}

function misplaced(path: string, line: number): ForerunError<'CONFIG'> {
  return wrongCheck(path, line, 'the line stands above no statement', written);
}

/** Behind blanks and comments; what stands there may quote the statement. */
function startOf(text: string, sql: string, from: number): number {
  const blanks = /(?:[\s;]|--[^\n]*|\/\*.*?\*\/)*/sy;
  blanks.lastIndex = from;
  const start = from + (blanks.exec(text)?.[0].length ?? 0);
  return text.indexOf(sql, text.startsWith(sql, start) ? start : from);
}

/** Settings that a question needs may stand before it. */
const questions = /^(?:select|values|table|show|explain|pragma|set|reset|\()/i;
const writing = /\b(?:insert\s+into|(?<!\bfor\s+(?:no\s+key\s+)?)update|delete\s+from|replace\s+into|merge\s+into)\b/i;

function isQuestion(sql: string): boolean {
  if (!/^with\b/i.test(sql)) return questions.test(sql);
  // Neither quotes nor comments hold a verb of the statement.
  const bare = sql.replace(/'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|\[[^\]]*\]|--[^\n]*|\/\*.*?\*\//gs, ' ');
  return !writing.test(bare);
}

function isState(code: string, stateClass: string): boolean {
  return /^[0-9A-Z]{5}$/.test(code) && code.startsWith(stateClass);
}

function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}
