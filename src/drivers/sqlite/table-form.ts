import { keywordOf, type Token } from './tokens.ts';

/**
 * The tokens of a CREATE TABLE, without comments and white space, with what means the same in one form: a column's
 * constraints in one order, and the keywords around them in capitals. Expressions, names and types stay as they are, and so
 * does a column or a constraint that is not read to its end. Anything else than a CREATE TABLE is answered as it is.
 */
export function tableForm(tokens: readonly Token[]): readonly Token[] {
  const open = tokens.findIndex(({ text }) => text === '(');
  const close = open < 0 ? -1 : endOfGroup(tokens, open) - 1;
  const isTable = keywordOf(tokens[0]) === 'CREATE' && keywordOf(tokens[1]) === 'TABLE' && open === 3;
  if (!isTable || close < 0) return tokens;
  const parts = splitAtCommas(tokens.slice(open + 1, close));
  return [
    ...tokens.slice(0, 2).map(capital),
    ...tokens.slice(2, open + 1),
    ...parts.flatMap((part) => [...part.comma, ...partForm(part.tokens)]),
    ...tokens.slice(close).map(capital),
  ];
}

/** Of a column, or of a constraint of the table. */
function partForm(part: readonly Token[]): readonly Token[] {
  const isConstraint = tableConstraints.includes(keywordOf(part[0]) ?? '');
  const start = isConstraint ? 0 : endOfType(part);
  const constraints: Constraint[] = [];
  for (let at = start; at < part.length;) {
    const constraint = constraintAt(part, at);
    if (constraint === undefined) return part;
    constraints.push(constraint);
    at = constraint.end;
  }
  const inOrder = isConstraint ? constraints : constraints.toSorted((a, b) => a.rank - b.rank);
  return [...part.slice(0, start), ...inOrder.flatMap(({ tokens }) => tokens)];
}

const tableConstraints: readonly string[] = ['CONSTRAINT', 'PRIMARY', 'UNIQUE', 'CHECK', 'FOREIGN'];

/** Where the first constraint of a column begins: behind its name and its type. */
function endOfType(part: readonly Token[]): number {
  for (let at = 1; at < part.length; at += 1) {
    const word = keywordOf(part[at]) ?? '';
    if (word === 'CONSTRAINT' || (ranks.has(word) && (word !== 'GENERATED' || isWord(part, at + 1, 'ALWAYS'))))
      return at;
    if (part[at]?.text === '(') at = endOfGroup(part, at) - 1;
  }
  return part.length;
}

interface Constraint {
  readonly rank: number;
  readonly tokens: readonly Token[];
  /** Where the next one begins. */
  readonly end: number;
}

/** By the word that each begins with: the order does not matter to SQLite, save among those of one kind. */
const ranks: ReadonlyMap<string, number> = new Map(
  ['PRIMARY', 'NOT', 'NULL', 'UNIQUE', 'CHECK', 'DEFAULT', 'COLLATE', 'REFERENCES', 'GENERATED', 'AS', 'FOREIGN'].map(
    (word, rank) => [word, rank],
  ),
);

/** Undefined for what is none, or in a form that is not known here. */
function constraintAt(part: readonly Token[], start: number): Constraint | undefined {
  const reader = new Reader(part, start);
  if (reader.take('CONSTRAINT')) reader.takeAny();
  const rank = ranks.get(keywordOf(part[reader.at]) ?? '');
  if (rank === undefined || !readBody(reader)) return undefined;
  return { rank, tokens: reader.read, end: reader.at };
}

function readBody(reader: Reader): boolean {
  if (reader.take('PRIMARY')) {
    if (!reader.take('KEY')) return false;
    reader.takeGroup();
    if (!reader.take('ASC')) reader.take('DESC');
    return reader.takeConflict() && (reader.take('AUTOINCREMENT') || true);
  }
  if (reader.take('NOT')) return reader.take('NULL') && reader.takeConflict();
  if (reader.take('NULL')) return reader.takeConflict();
  if (reader.take('UNIQUE')) {
    reader.takeGroup();
    return reader.takeConflict();
  }
  if (reader.take('CHECK')) return reader.takeGroup() && reader.takeConflict();
  if (reader.take('DEFAULT')) return reader.takeGroup() || reader.takeValue();
  if (reader.take('COLLATE')) return reader.takeAny();
  if (reader.take('FOREIGN'))
    return reader.take('KEY') && reader.takeGroup() && reader.take('REFERENCES') && references(reader);
  if (reader.take('REFERENCES')) return references(reader);
  if (reader.take('GENERATED') && !reader.take('ALWAYS')) return false;
  if (!reader.take('AS') || !reader.takeGroup()) return false;
  return reader.take('STORED') || reader.take('VIRTUAL') || true;
}

/** Behind the word REFERENCES. */
function references(reader: Reader): boolean {
  if (!reader.takeAny()) return false;
  reader.takeGroup();
  for (;;) {
    if (reader.takeAll('ON', 'DELETE') || reader.takeAll('ON', 'UPDATE')) {
      const known = [['SET', 'NULL'], ['SET', 'DEFAULT'], ['CASCADE'], ['RESTRICT'], ['NO', 'ACTION']];
      if (!known.some((words) => reader.takeAll(...words))) return false;
    } else if (reader.take('MATCH')) {
      if (!reader.takeAny()) return false;
    } else break;
  }
  if (reader.takeAll('NOT', 'DEFERRABLE') || reader.take('DEFERRABLE'))
    return !reader.take('INITIALLY') || reader.take('DEFERRED') || reader.take('IMMEDIATE');
  return true;
}

/** Reads tokens on, and gives the keywords among them in capitals. */
class Reader {
  readonly read: Token[] = [];
  readonly #tokens: readonly Token[];
  at: number;

  constructor(tokens: readonly Token[], at: number) {
    this.#tokens = tokens;
    this.at = at;
  }

  take(word: string): boolean {
    return this.takeAll(word);
  }

  takeAll(...words: readonly string[]): boolean {
    if (!words.every((word, more) => isWord(this.#tokens, this.at + more, word))) return false;
    for (const _ of words) this.#push(capital(this.#tokens[this.at]));
    return true;
  }

  /** A name, or a value of one token. */
  takeAny(): boolean {
    const token = this.#tokens[this.at];
    if (token === undefined || token.kind === 'operator') return false;
    this.#push(token);
    return true;
  }

  takeValue(): boolean {
    const sign = this.#tokens[this.at];
    if (sign?.text === '-' || sign?.text === '+') this.#push(sign);
    return this.takeAny();
  }

  takeGroup(): boolean {
    if (this.#tokens[this.at]?.text !== '(') return false;
    const end = endOfGroup(this.#tokens, this.at);
    while (this.at < end) this.#push(this.#tokens[this.at]);
    return true;
  }

  /** What is to become of a row that breaks it, where that is said. */
  takeConflict(): boolean {
    return !this.takeAll('ON', 'CONFLICT') || this.takeAny();
  }

  #push(token: Token | undefined): void {
    if (token !== undefined) this.read.push(token);
    this.at += 1;
  }
}

function isWord(tokens: readonly Token[], at: number, word: string): boolean {
  return keywordOf(tokens[at]) === word;
}

function capital<T extends Token | undefined>(token: T): T {
  const keyword = keywordOf(token);
  return keyword === undefined ? token : { ...token, text: keyword };
}

/** Behind the parenthesis that closes the one at `open`. */
function endOfGroup(tokens: readonly Token[], open: number): number {
  let depth = 0;
  for (let at = open; at < tokens.length; at += 1) {
    if (tokens[at]?.text === '(') depth += 1;
    if (tokens[at]?.text === ')' && (depth -= 1) === 0) return at + 1;
  }
  return tokens.length;
}

/** Each with the comma before it, save the first. */
function splitAtCommas(tokens: readonly Token[]): readonly Part[] {
  const parts: { comma: readonly Token[]; tokens: Token[] }[] = [{ comma: [], tokens: [] }];
  let end = 0;
  for (const [at, token] of tokens.entries()) {
    if (at >= end && token.text === ',') parts.push({ comma: [token], tokens: [] });
    else parts.at(-1)?.tokens.push(token);
    if (at >= end && token.text === '(') end = endOfGroup(tokens, at);
  }
  return parts;
}

interface Part {
  readonly comma: readonly Token[];
  readonly tokens: readonly Token[];
}
