import { dirname } from 'node:path';
import { ForerunError, messageOf } from '../../error.ts';
import { codeOf } from './busy.ts';
import type { SqliteDatabase } from './client.ts';

/** What to do where SQLite says that the database or the disk is full. A journal needs room beside the database. */
export function fullDisk({ name }: SqliteDatabase): string {
  return `Free some space on the disk of ${dirname(name)}, then try again.`;
}

/** A full disk is found at COMMIT too, and by statements that are nobody's but ours. */
export function toldFullDisk(database: SqliteDatabase, error: unknown): unknown {
  if (error instanceof ForerunError || codeOf(error) !== 'SQLITE_FULL') return error;
  return new ForerunError('PROVIDER_FAILED', `${database.name} could not be written: ${messageOf(error)}.`, {
    details: {},
    next: fullDisk(database),
    cause: error,
  });
}
