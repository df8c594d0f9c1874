import Database from 'better-sqlite3';
import { expect } from 'vitest';
import type { ErrorCode, ForerunError } from '../../src/error.ts';
import { isForerunError } from '../../src/error.ts';

export const addPhone: string = 'ALTER TABLE users ADD COLUMN phone TEXT;';
export const addAudit: string = 'CREATE TABLE audit (id INTEGER PRIMARY KEY, what TEXT);';

/** Runs statements on any database file. */
export function write(path: string | undefined, sql: string): void {
  const database = new Database(path, { fileMustExist: true });
  try {
    database.exec(sql);
  } finally {
    database.close();
  }
}

/** First column of every row. */
export function read(path: string | undefined, sql: string): unknown[] {
  const database = new Database(path, { fileMustExist: true });
  try {
    return database.prepare(sql).pluck().all();
  } finally {
    database.close();
  }
}

/** The error of a call that must fail with this code. */
export async function refusal(call: Promise<unknown>, code: ErrorCode): Promise<ForerunError> {
  const error: unknown = await call.then(
    () => new Error('nothing was thrown'),
    (reason: unknown) => reason,
  );
  expect(error).toMatchObject({ code });
  if (!isForerunError(error)) throw error;
  return error;
}
