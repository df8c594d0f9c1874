import type { Violation } from '../../seams/evidence.ts';
import type { SqliteDatabase } from './client.ts';

/** What `PRAGMA quick_check` finds. Its lines name tables, columns, indexes and row numbers, never values. */
export function damageOf(database: SqliteDatabase): readonly Violation[] {
  const lines = database.prepare('PRAGMA quick_check(10)').raw().all() as string[][];
  return lines
    .flat()
    .filter((line) => line !== 'ok')
    .map((line) => ({ kind: 'corruption', message: line }));
}
