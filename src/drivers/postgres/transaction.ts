import { ForerunError, isForerunError } from '../../error.ts';
import type { Session } from '../../seams/driver.ts';
import { commit } from './commit.ts';
import type { PostgresConnection } from './connection.ts';
import { isCut, wordsOfCut } from './failures.ts';
import { interruptible } from './interrupt.ts';
import { limitsQuery, type Limits } from './limits.ts';
import { quoteLiteral } from './names.ts';
import { hasCode } from './settings.ts';

export interface Steps {
  /** The first thing inside the transaction. Its session says that it is in one. */
  readonly first: (session: Session) => Promise<void>;
  /** The last. */
  readonly last: (session: Session) => Promise<void>;
  readonly signal: AbortSignal;
}

/**
 * Runs `body` in one transaction, and the last step in the role that the session began with. A savepoint opened first and
 * released after the body tells whether the transaction is still ours: code that says COMMIT ends it without an error.
 * Once the signal is aborted, the statement at work is cancelled, unless it is the COMMIT.
 */
export async function inTransaction(
  connection: PostgresConnection,
  steps: Steps,
  limits: Limits,
  body: () => Promise<void>,
): Promise<void> {
  const { signal } = steps;
  signal.throwIfAborted();
  const inside = { ...connection, inTransaction: true };
  let ours = false;
  try {
    await interruptible(connection, signal, async () => {
      await connection.query(
        `BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; ${limitsQuery(limits, true)}; SAVEPOINT ${savepoint}`,
      );
      ours = true;
      await steps.first(inside);
      await body();
      await settle(connection);
      ours = false;
      await steps.last(inside);
      signal.throwIfAborted();
    });
  } catch (error) {
    throw await undone(connection, error, ours);
  }
  await commit(connection).catch(async (error: unknown) => {
    throw await undone(connection, error, false);
  });
}

/** No script may end it or go back to it. */
const savepoint = 'forerun';

/**
 * Constraints that wait for the COMMIT are looked at while their failing can still be told apart. Then it is the role again
 * that the session began with.
 */
async function settle(connection: PostgresConnection): Promise<void> {
  try {
    await connection.query(
      `SET CONSTRAINTS ALL IMMEDIATE; RELEASE SAVEPOINT ${savepoint}; SET LOCAL SESSION AUTHORIZATION DEFAULT;
       SELECT set_config('role', ${quoteLiteral(connection.role)}, true)`,
    );
  } catch (error) {
    throw isEnded(error) ? escaped(error) : error;
  }
}

/** There is no such savepoint, or no transaction to have one in. */
function isEnded(error: unknown): boolean {
  return hasCode(error, '3B001') || hasCode(error, '25P01');
}

/** Rolls back, and answers what is to be thrown. `ours`: the savepoint is to be there still. */
async function undone(connection: PostgresConnection, error: unknown, ours: boolean): Promise<unknown> {
  if (connection.lost() || isCut(error)) return cut(connection, error);
  let ended = false;
  if (ours) {
    await connection.query(`ROLLBACK TO SAVEPOINT ${savepoint}`).catch((reason: unknown) => (ended = isEnded(reason)));
  }
  await connection.query('ROLLBACK').catch(() => {});
  return ended ? escaped(error) : error;
}

function escaped(cause: unknown): ForerunError<'TRANSACTION_ESCAPED'> {
  if (isForerunError(cause, 'TRANSACTION_ESCAPED')) return cause;
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

/** The server rolls back what a session that is gone had not committed. */
function cut({ target }: PostgresConnection, cause: unknown): ForerunError<'PROVIDER_FAILED'> {
  if (isForerunError(cause, 'PROVIDER_FAILED')) return cause;
  const words = isCut(cause) ? wordsOfCut(cause) : 'the server or the network ended it';
  return new ForerunError(
    'PROVIDER_FAILED',
    `The connection to ${target.url} was lost in the middle of a transaction: ${words}. Nothing of that transaction is there.`,
    { details: {}, next: 'See that the server is well, then run again.', cause },
  );
}
