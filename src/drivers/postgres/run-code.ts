import type { Attempt } from '../../seams/source.ts';
import type { PostgresConnection } from './connection.ts';
import { interruptible } from './interrupt.ts';
import type { ScriptSession } from './kept-sessions.ts';
import { lend } from './lent.ts';
import { limitsQuery, type Limits } from './limits.ts';
import { retried } from './retries.ts';
import { inTransaction } from './transaction.ts';

/**
 * Runs code in one transaction with the attempt's first and last step, or, where the attempt is to run alone, in none.
 * It is run once: what it has done elsewhere would be done again. Afterwards the session is closed, or kept for the next.
 */
export async function runCode(
  session: ScriptSession,
  attempt: Attempt,
  limits: Limits,
  body: (connection: PostgresConnection) => Promise<void>,
): Promise<void> {
  await using own = session;
  const { signal, afterBegin, beforeCommit } = attempt;
  const { connection, takeBack } = lend(own);
  await attempt.prepare?.(connection);
  await retried(own, attempt, { ...limits, tries: 1 }, () =>
    attempt.alone
      ? interruptible(own, signal, async () => {
          await own.query(limitsQuery(limits, false));
          await body(connection);
        })
      : inTransaction(own, { first: afterBegin, last: beforeCommit, signal }, limits, () => body(connection)),
  );
  if (takeBack() && !attempt.alone) await own.keep();
}
