import type { PostgresConnection } from './connection.ts';
import { hasCode } from './settings.ts';

/**
 * Runs `body`, and cancels whatever the session is running once the signal is aborted: a statement on a server outlives
 * the interest in it. Throws the signal's reason then.
 */
export async function interruptible<T>(
  connection: PostgresConnection,
  signal: AbortSignal,
  body: () => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  let cancelling: Promise<void> | undefined;
  const interrupt = (): void => {
    cancelling ??= cancelUntil(connection, () => ended);
  };
  let ended = false;
  signal.addEventListener('abort', interrupt);
  try {
    return await body();
  } catch (error) {
    if (signal.aborted && (hasCode(error, canceled) || connection.lost())) throw signal.reason;
    throw error;
  } finally {
    ended = true;
    signal.removeEventListener('abort', interrupt);
    // A cancellation that comes late would hit the next statement.
    await cancelling;
  }
}

const canceled = '57014';

/** Code that goes on after its statement was cancelled may run another one. */
async function cancelUntil(connection: PostgresConnection, ended: () => boolean): Promise<void> {
  try {
    await using other = await connection.beside();
    while (!ended()) {
      await other.query('SELECT pg_cancel_backend($1)', [connection.pid]);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  } catch {
    // A server that cannot be reached any more looks after its clients itself (client_connection_check_interval).
    await connection.client.end().catch(() => {});
  }
}
