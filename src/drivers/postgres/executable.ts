import type { Node } from 'libpg-query';
import { as, everyPart, stringOf, stringsOf, textsIn } from './nodes.ts';
import { parse } from './parser.ts';

/** Stands for a name that is only known when the text runs. */
export const filler = 'forerun_unknown';

/** What strings of a statement or an expression say as SQL, be they whole, put together or only a beginning. */
export function executableIn(node: Node): readonly Node[] {
  const texts = [...textsIn(node)];
  for (const [name, part] of everyPart(node)) {
    if (name === 'A_Expr' && isConcatenation(part['name'])) texts.push(concatenated({ A_Expr: part }));
  }
  return texts.flatMap(statementsIn);
}

function isConcatenation(name: unknown): boolean {
  return Array.isArray(name) && stringsOf(name as Node[]).at(-1) === '||';
}

function concatenated(node: Node | undefined): string {
  const expression = as('A_Expr', node);
  if (expression !== undefined && isConcatenation(expression.name)) {
    return `${concatenated(expression.lexpr)}${concatenated(expression.rexpr)}`;
  }
  const call = as('FuncCall', node);
  if (/^quote_(?:literal|nullable)$/.test(stringsOf(call?.funcname).at(-1) ?? '')) return `'x'`;
  return stringOf(node) ?? filler;
}

/** A format's places are filled; a text that is no whole statement may be the beginning of one. */
function statementsIn(text: string): readonly Node[] {
  if (!/^\s*[a-z]+\s/i.test(text)) return [];
  const filled = text.replace(/%(?:\d+\$)?L/g, "'x'").replace(/%(?:\d+\$)?[Is]/g, filler);
  for (const attempt of [filled, `${filled} ${filler}`]) {
    const parsed = parse(attempt);
    if (!('unreadable' in parsed)) return parsed.statements.flatMap(({ stmt }) => stmt ?? []);
  }
  return [];
}
