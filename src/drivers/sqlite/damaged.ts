import { ForerunError } from '../../error.ts';
import { codeOf } from './busy.ts';
import type { SqliteDatabase } from './client.ts';
import { damageOf } from './damage.ts';

export function isCorrupt(error: unknown): boolean {
  return /^SQLITE_(?:CORRUPT|NOTADB)/.test(codeOf(error) ?? '');
}

/**
 * A branch is main's pages, so that what is broken in its state `before` a migration is broken in main. Undefined where
 * that state is whole.
 */
export function damagedBefore(database: SqliteDatabase, cause: unknown): ForerunError<'BAD_TARGET'> | undefined {
  const lines = damageOf(database, 'before').map(({ message }) => message);
  return lines.length === 0 ? undefined : mainIsDamaged(database.name, lines, cause);
}

/** No statement can break a page: whatever one stumbles over was broken before. */
export function mainIsDamaged(path: string, lines: readonly string[], cause: unknown): ForerunError<'BAD_TARGET'> {
  return new ForerunError(
    'BAD_TARGET',
    `Main itself is damaged, and was before this migration ran: ${lines.join('; ')}.`,
    {
      details: { target: path },
      next: 'Look at main with: sqlite3 <main> "PRAGMA integrity_check". Go back to a checkpoint that is whole (forerun checkpoints), or save what can be read with: sqlite3 <main> ".recover" | sqlite3 <new file>',
      cause,
    },
  );
}
