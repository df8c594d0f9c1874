import { ForerunError } from '../../error.ts';
import type { Attempt } from '../../seams/source.ts';
import { codeOf, type Patience } from './busy.ts';
import type { SqliteDatabase } from './client.ts';
import { begin, commit, rollback, type SqliteConnection } from './connection.ts';
import { toldFullDisk } from './full-disk.ts';
import { refusedCommit } from './foreign-keys.ts';
import { givingWay } from './give-way.ts';

export interface TransactionOptions {
  /** Whether SQLite enforces foreign keys meanwhile; it can only be chosen before BEGIN. @default true */
  readonly foreignKeys?: boolean;
  /** Asked at its end, where the attempt can be repeated: whether the database allows it, too. @default () => true */
  readonly mayRepeat?: () => boolean;
}

/**
 * Runs `body` in one transaction that takes the write lock at once. A savepoint opened first and released after the
 * body tells whether the transaction is still ours: code that says COMMIT ends it without an error. Where the attempt can
 * be repeated, it is begun anew rather than keep readers out while others read.
 */
export async function inTransaction(
  connection: SqliteConnection,
  attempt: Attempt,
  body: (connection: SqliteConnection) => Promise<void>,
  options: TransactionOptions = {},
): Promise<void> {
  const database = connection.client;
  database.pragma(`foreign_keys = ${(options.foreignKeys ?? true) ? 'ON' : 'OFF'}`);
  await attempt.prepare?.(connection);
  const { signal } = attempt;
  const waiting = attempt.waiting && onceEach(attempt.waiting);
  const patience = { signal, what: 'waiting for readers, to commit', waiting };
  const ending =
    attempt.repeatable === true ? givingWay(database, patience, options.mayRepeat) : waitingOn(database, patience);
  let count = 1;
  for (; ; count += 1) {
    await begin(database, { signal, what: 'waiting for the write lock', waiting });
    if (await committed(connection, attempt, body, ending)) break;
  }
  if (count > 1) attempt.note(`Begun ${count} times, because others were reading when it was to be committed.`);
}

/** Commits the transaction that is open, or rolls it back and answers `false` where it is to be begun anew. */
type Ending = () => Promise<boolean>;

function waitingOn(database: SqliteDatabase, patience: Patience): Ending {
  return async () => {
    await commit(database, patience);
    return true;
  };
}

/** The same is said once, however often the transaction is begun. */
function onceEach(say: (message: string) => void): (message: string) => void {
  const said = new Set<string>();
  return (message) => {
    if (!said.has(message)) say(message);
    said.add(message);
  };
}

async function committed(
  connection: SqliteConnection,
  attempt: Attempt,
  body: (connection: SqliteConnection) => Promise<void>,
  ending: Ending,
): Promise<boolean> {
  const database = connection.client;
  try {
    database.exec(`PRAGMA temp.user_version = 1; SAVEPOINT ${savepoint}`);
    await attempt.afterBegin(connection);
    await body(connection);
    release(database);
    await attempt.beforeCommit(connection);
    return await endOrTell(database, ending);
  } catch (error) {
    rollback(database);
    throw wasCommitted(database) ? escaped(error) : toldFullDisk(database, error);
  }
}

/** No script may end it or go back to it. */
export const savepoint = 'forerun';

function release(database: SqliteDatabase): void {
  try {
    database.exec(`RELEASE ${savepoint}`);
  } catch (cause) {
    throw escaped(cause);
  }
}

async function endOrTell(database: SqliteDatabase, ending: Ending): Promise<boolean> {
  try {
    return await ending();
  } catch (error) {
    throw codeOf(error) === 'SQLITE_CONSTRAINT_FOREIGNKEY' ? refusedCommit(database, error) : error;
  }
}

/**
 * Whether anything of a transaction that failed was committed all the same: a number of the temporary database, written
 * in it, is still there. SQLite ends a transaction by itself too, on a full disk for example; then it is not.
 */
function wasCommitted(database: SqliteDatabase): boolean {
  try {
    return database.pragma('temp.user_version', { simple: true }) !== 0;
  } catch {
    // The body closed the connection, which rolls back.
    return false;
  }
}

/** Call before the next transaction on a connection whose last one was committed. */
export function forgetTransaction(database: SqliteDatabase): void {
  database.exec('PRAGMA temp.user_version = 0');
}

function escaped(cause: unknown): ForerunError<'TRANSACTION_ESCAPED'> {
  if (cause instanceof ForerunError && cause.code === 'TRANSACTION_ESCAPED')
    return cause as ForerunError<'TRANSACTION_ESCAPED'>;
  return new ForerunError(
    'TRANSACTION_ESCAPED',
    'The migration ended the transaction that it was run in (COMMIT or ROLLBACK).',
    {
      details: {},
      next: 'Leave transaction control out of the migration: it runs in one transaction together with its history row.',
      cause,
    },
  );
}
