import type { Attempt } from '../../seams/source.ts';
import type { PostgresConnection } from './connection.ts';
import { interruptible } from './interrupt.ts';
import { limitsQuery, type Limits } from './limits.ts';
import { retried } from './retries.ts';
import { inTransaction } from './transaction.ts';

/**
 * Runs code in one transaction with the attempt's first and last step, or, where the attempt is to run alone, in none.
 * It is run once: what it has done elsewhere would be done again. Closes the connection.
 */
export async function runCode(
  connection: PostgresConnection,
  attempt: Attempt,
  limits: Limits,
  body: (connection: PostgresConnection) => Promise<void>,
): Promise<void> {
  await using own = connection;
  const { signal, afterBegin, beforeCommit } = attempt;
  await attempt.prepare?.(own);
  await retried(own, attempt, { ...limits, tries: 1 }, () =>
    attempt.alone
      ? interruptible(own, signal, async () => {
          await own.query(limitsQuery(limits, false));
          await body(own);
        })
      : inTransaction(own, { first: afterBegin, last: beforeCommit, signal }, limits, () => body(own)),
  );
}
