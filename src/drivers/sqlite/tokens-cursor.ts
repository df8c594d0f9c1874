import { eachToken, keywordOf, unquote } from './tokens.ts';
import type { Token } from './tokens.ts';

/** Reads one statement from its first token on, comments and white space left out, without keeping what was read. */
export class TokenCursor {
  readonly #tokens: Iterator<Token>;
  #token: Token | undefined;
  #passed: Token | undefined;

  constructor(sql: string) {
    this.#tokens = eachToken(sql);
    this.advance();
  }

  /** The token that is read next; undefined at the end. */
  get token(): Token | undefined {
    return this.#token;
  }

  advance(): void {
    this.#passed = this.#token;
    let next = this.#tokens.next();
    while (!next.done && isBlank(next.value)) next = this.#tokens.next();
    this.#token = next.done ? undefined : next.value;
  }

  atWord(...words: readonly string[]): boolean {
    const keyword = keywordOf(this.#token);
    return keyword !== undefined && words.includes(keyword);
  }

  /** Whether one of the words begins a clause here: the FROM of IS DISTINCT FROM begins none. */
  atClause(...words: readonly string[]): boolean {
    return this.atWord(...words) && !(this.atWord('FROM') && keywordOf(this.#passed) === 'DISTINCT');
  }

  takeWord(...words: readonly string[]): boolean {
    return this.#take(this.atWord(...words));
  }

  takeOperator(text: string): boolean {
    return this.#take(this.#token?.text === text);
  }

  /** SQLite takes a string for a name wherever only a name can stand. */
  takeName(): string | undefined {
    const token = this.#token;
    if (token?.kind !== 'word' && token?.kind !== 'identifier' && token?.kind !== 'string') return undefined;
    this.advance();
    return unquote(token);
  }

  /** A table's name, without its schema; undefined where that is another than main. */
  takeTable(): string | undefined {
    const first = this.takeName();
    if (!this.takeOperator('.')) return first;
    const table = this.takeName();
    return first?.toLowerCase() === 'main' ? table : undefined;
  }

  /** A pair of parentheses and what is in it, where one stands here. */
  takeGroup(): void {
    if (!this.takeOperator('(')) return;
    this.skipTo((token) => token.text === ')');
    this.advance();
  }

  /** Moves to the first token outside of further parentheses that fits, or to the end. Adds what it passes to `into`. */
  skipTo(fits: (token: Token) => boolean, into?: Token[]): boolean {
    for (let depth = 0; this.#token !== undefined; this.advance()) {
      if (depth === 0 && fits(this.#token)) return true;
      if (this.#token.text === '(') depth += 1;
      if (this.#token.text === ')') depth -= 1;
      into?.push(this.#token);
    }
    return false;
  }

  /** The `WITH …` in front of a statement, where there is one. */
  takeWith(): void {
    if (!this.takeWord('WITH')) return;
    this.takeWord('RECURSIVE');
    do {
      this.takeName();
      this.takeGroup();
      this.takeWord('AS');
      this.takeWord('NOT');
      this.takeWord('MATERIALIZED');
      this.takeGroup();
    } while (this.takeOperator(','));
  }

  #take(found: boolean): boolean {
    if (found) this.advance();
    return found;
  }
}

export function isBlank(token: Token): boolean {
  return token.kind === 'space' || token.kind === 'comment';
}
