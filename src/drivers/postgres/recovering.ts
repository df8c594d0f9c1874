import type { PostgresConnection } from './connection.ts';
import { limitsQuery, type Limits } from './limits.ts';
import { retried } from './retries.ts';

/** Work of recovery: does not wait for ever, and throws `LOCKED` that says who is in the way. Closes the connection. */
export async function recovering<T>(
  connection: PostgresConnection,
  limits: Limits,
  body: (connection: PostgresConnection) => Promise<T>,
): Promise<T> {
  await using own = connection;
  const patient = { ...limits, lockTimeoutMs: 60_000, statementTimeoutMs: 0, tries: 1 };
  await own.query(limitsQuery(patient, false));
  const answers: T[] = [];
  const unheard = { signal: new AbortController().signal, note: (): void => {} };
  await retried(own, unheard, patient, async () => void answers.push(await body(own)));
  return answers[0] as T;
}
