import { TokenCursor } from './tokens-cursor.ts';
import { unquote } from './tokens.ts';

/**
 * Whether a virtual table holds no rows of its own: a full-text index over another table's text (`content=…`), or the
 * list of an index's words. What changes in it follows from what changes elsewhere.
 */
export function isDerived(sql: string): boolean {
  const cursor = new TokenCursor(sql);
  cursor.skipTo(() => cursor.atWord('USING'));
  cursor.advance();
  const module = cursor.takeName()?.toLowerCase() ?? '';
  if (module === 'fts5vocab' || module === 'fts4aux') return true;
  if (!/^fts[345]$/.test(module) || !cursor.takeOperator('(')) return false;
  do {
    if (cursor.takeName()?.toLowerCase() === 'content' && cursor.takeOperator('=')) {
      return cursor.token !== undefined && unquote(cursor.token) !== '';
    }
    cursor.skipTo((token) => token.text === ',');
  } while (cursor.takeOperator(','));
  return false;
}
