import { ForerunError } from '../../error.ts';
import type { Attempt } from '../../seams/source.ts';
import { begin, commit, rollback, type SqliteConnection } from './connection.ts';

export interface TransactionOptions {
  /** Whether SQLite enforces foreign keys meanwhile; it can only be chosen before BEGIN. @default true */
  readonly foreignKeys?: boolean;
}

/**
 * Runs `body` in one transaction that takes the write lock at once. A savepoint opened first and released after the
 * body tells whether the transaction is still ours: code that says COMMIT ends it without an error.
 */
export async function inTransaction(
  connection: SqliteConnection,
  attempt: Attempt,
  body: (connection: SqliteConnection) => Promise<void>,
  options: TransactionOptions = {},
): Promise<void> {
  const database = connection.client;
  database.pragma(`foreign_keys = ${(options.foreignKeys ?? true) ? 'ON' : 'OFF'}`);
  await begin(database, { signal: attempt.signal, what: 'waiting for the write lock' });
  try {
    database.exec('SAVEPOINT forerun');
    await attempt.afterBegin(connection);
    await body(connection);
    releaseOrThrow(connection);
    await attempt.beforeCommit(connection);
    await commit(database, { signal: attempt.signal, what: 'waiting for readers, to commit' });
  } catch (error) {
    rollback(database);
    throw error;
  }
}

function releaseOrThrow(connection: SqliteConnection): void {
  try {
    connection.client.exec('RELEASE forerun');
  } catch (cause) {
    throw new ForerunError('TRANSACTION_ESCAPED', 'The migration ended the transaction that it was run in (COMMIT or ROLLBACK).', {
      details: {},
      next: 'Leave transaction control out of the migration: it runs in one transaction together with its history row.',
      cause,
    });
  }
}
