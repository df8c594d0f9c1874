import { TokenCursor } from './tokens-cursor.ts';

/** What `ALTER TABLE from RENAME TO to` renames; undefined for every other statement. */
export function renamesOf(sql: string): { readonly from: string; readonly to: string } | undefined {
  const cursor = new TokenCursor(sql);
  const from = takeAltered(cursor);
  if (from === undefined || !cursor.takeWord('RENAME') || !cursor.takeWord('TO')) return undefined;
  const to = cursor.takeName();
  return to === undefined ? undefined : { from, to };
}

/**
 * What a statement does to the definition of a table that others may refer to: it drops it, gives it another name, or
 * takes away or changes a part of it. Undefined for what only adds, and for every other statement.
 */
export function referencedByDdl(
  sql: string,
): { readonly action: 'drop-table' | 'rename-table' | 'alter'; readonly table: string } | undefined {
  const cursor = new TokenCursor(sql);
  if (cursor.takeWord('DROP')) {
    if (!cursor.takeWord('TABLE')) return undefined;
    if (cursor.takeWord('IF')) cursor.takeWord('EXISTS');
    const table = cursor.takeTable();
    return table === undefined ? undefined : { action: 'drop-table', table };
  }
  const table = takeAltered(cursor);
  if (table === undefined || cursor.atWord('ADD')) return undefined;
  const renames = cursor.takeWord('RENAME') && cursor.atWord('TO');
  return { action: renames ? 'rename-table' : 'alter', table };
}

function takeAltered(cursor: TokenCursor): string | undefined {
  return cursor.takeWord('ALTER') && cursor.takeWord('TABLE') ? cursor.takeTable() : undefined;
}
