/** A piece of SQLite's SQL. Every character of a script belongs to exactly one token. */
export type Token = TokenText &
  (
    | {
        /** `word` is a bare name or keyword, `identifier` a name in `"…"`, `` `…` `` or `[…]`. */
        readonly kind:
          | 'space'
          | 'comment'
          | 'word'
          | 'identifier'
          | 'string'
          | 'blob'
          | 'number'
          | 'parameter'
          | 'operator';
      }
    | {
        /** What no statement can be read past: a quote that is never closed, a NUL character. */
        readonly kind: 'error';
        readonly problem: string;
      }
  );

interface TokenText {
  readonly text: string;
  /** Offset in the script, in UTF-16 units. */
  readonly start: number;
  /** 1-based line of its first character. */
  readonly line: number;
}

/** Cuts a script as SQLite's own tokenizer does. Characters that SQLite refuses are operators of their own. */
export function tokensOf(sql: string): readonly Token[] {
  return [...eachToken(sql)];
}

/** The same one by one, for scripts too large to keep all tokens of. */
export function* eachToken(sql: string): Generator<Token, void> {
  let line = 1;
  for (let start = 0; start < sql.length;) {
    const { kind, end } = scan(sql, start);
    const text = sql.slice(start, end);
    yield kind === 'error' ? { kind, text, start, line, problem: problemOf(text, line) } : { kind, text, start, line };
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) line += 1;
    start = end;
  }
}

/** The bare word in upper case, for comparison with keywords; ASCII only, as SQLite compares them. */
export function keywordOf(token: Token | undefined): string | undefined {
  return token?.kind === 'word' ? token.text.replace(/[a-z]+/g, (letters) => letters.toUpperCase()) : undefined;
}

/** What a token names or says, without quotes and escapes. */
export function unquote(token: Token): string {
  if (token.kind !== 'identifier' && token.kind !== 'string') return token.text;
  const quote = token.text.charAt(0);
  const inside = token.text.slice(1, -1);
  return quote === '[' ? inside : inside.replaceAll(quote + quote, quote);
}

/** The one way in which a name enters SQL for SQLite. */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

interface Scanned {
  readonly kind: Token['kind'];
  readonly end: number;
}

// U+FEFF is white space to SQLite only where a token begins; every other character from U+0080 on belongs to words.
const forms: readonly (readonly [Token['kind'], RegExp])[] = [
  ['space', /[ \t\n\f\r\uFEFF]+/y],
  ['word', /[A-Za-z_\u0080-\uFFFF][\w$\u0080-\uFFFF]*/y],
  ['number', /(?:0[xX][\dA-Fa-f]|(?:\d[\d_]*(?:\.[\d_]*)?|\.\d[\d_]*)(?:[eE][+-]?\d)?)[\w$\u0080-\uFFFF]*/y],
  ['parameter', /\?\d*|[:@$#][\w$\u0080-\uFFFF]+/y],
  ['comment', /--[^\n]*/y],
  ['operator', /->>?|\|\||<[=<>]|>[=>]|==|!=|[^]/y],
];

function scan(sql: string, start: number): Scanned {
  const first = sql.charAt(start);
  if (first === "'") return delimited('string', sql, start, first);
  if (first === '"' || first === '`') return delimited('identifier', sql, start, first);
  if (first === '[') return closed('identifier', sql, start + 1, ']');
  if ((first === 'x' || first === 'X') && sql.charAt(start + 1) === "'") return closed('blob', sql, start + 2, "'");
  // A `/*` that ends the script opens no comment.
  if (first === '/' && sql.charAt(start + 1) === '*' && start + 2 < sql.length) {
    const end = sql.indexOf('*/', start + 2);
    return { kind: 'comment', end: end === -1 ? sql.length : end + 2 };
  }
  if (first === '\0') return { kind: 'error', end: start + 1 };
  for (const [kind, form] of forms) {
    form.lastIndex = start;
    if (form.test(sql)) return { kind, end: form.lastIndex };
  }
  return { kind: 'operator', end: start + 1 };
}

/** A doubled quote inside stands for one. */
function delimited(kind: Token['kind'], sql: string, start: number, quote: string): Scanned {
  for (let at = sql.indexOf(quote, start + 1); at !== -1; at = sql.indexOf(quote, at + 2)) {
    if (sql.charAt(at + 1) !== quote) return { kind, end: at + 1 };
  }
  return { kind: 'error', end: sql.length };
}

function closed(kind: Token['kind'], sql: string, from: number, close: string): Scanned {
  const at = sql.indexOf(close, from);
  return at === -1 ? { kind: 'error', end: sql.length } : { kind, end: at + 1 };
}

function problemOf(text: string, line: number): string {
  // SQLite takes a NUL character for the end of the script and says nothing about what follows it.
  if (text === '\0') return `there is a NUL character on line ${line}, where SQLite would stop reading`;
  const quote = text.charAt(0);
  if (quote === "'") return `the string that begins on line ${line} has no closing quote`;
  if (quote === 'x' || quote === 'X') return `the blob that begins on line ${line} has no closing quote`;
  return `the quoted name that begins on line ${line} has no closing ${quote === '[' ? ']' : quote}`;
}
