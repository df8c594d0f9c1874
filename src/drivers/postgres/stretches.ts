import type { Facts } from './facts.ts';
import { standingAlone, type Alone } from './stands-alone.ts';
import type { Statement } from './statements.ts';

/** Statements that run together in one transaction, or one that must run outside of any. */
export type Stretch =
  | { readonly kind: 'transaction'; readonly statements: readonly Statement[] }
  | { readonly kind: 'alone'; readonly statement: Statement; readonly alone: Alone };

/**
 * Groups a script, in order. `script` is all of it, for what a statement's judgement depends on; `running` is what is
 * to be run of it, without transaction control.
 */
export function stretchesOf(
  script: readonly Statement[],
  facts?: Facts,
  running: readonly Statement[] = script,
): readonly Stretch[] {
  const isAlone = standingAlone(script, facts);
  const stretches: ({ kind: 'transaction'; statements: Statement[] } | (Stretch & { kind: 'alone' }))[] = [];
  for (const statement of running) {
    const alone = isAlone(statement);
    const last = stretches.at(-1);
    if (alone !== undefined) stretches.push({ kind: 'alone', statement, alone });
    else if (last?.kind === 'transaction') last.statements.push(statement);
    else stretches.push({ kind: 'transaction', statements: [statement] });
  }
  return stretches;
}
