import type { Violation } from '../../seams/evidence.ts';
import { messageOf } from '../../error.ts';
import { codeOf } from './busy.ts';
import type { SqliteDatabase } from './client.ts';

/** What `PRAGMA quick_check` finds. Its lines name tables, columns, indexes and row numbers, never values. */
export function damageOf(database: SqliteDatabase): readonly Violation[] {
  return linesOf(database)
    .filter((line) => line !== 'ok')
    .map((line) => ({ kind: 'corruption', message: line }));
}

function linesOf(database: SqliteDatabase): readonly string[] {
  try {
    return quickCheck(database);
  } catch (error) {
    if (/^SQLITE_(CORRUPT|NOTADB)/.test(codeOf(error) ?? '')) return [messageOf(error)];
    if (codeOf(error) !== 'SQLITE_ERROR') throw error;
    // A CHECK calls a function that is not known here; the pages can be looked at without it.
    database.pragma('ignore_check_constraints = ON');
    return quickCheck(database);
  }
}

function quickCheck(database: SqliteDatabase): readonly string[] {
  return (database.prepare('PRAGMA quick_check(10)').raw().all() as string[][]).flat();
}
