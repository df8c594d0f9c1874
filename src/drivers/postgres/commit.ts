import { setTimeout as sleep } from 'node:timers/promises';
import { ForerunError, messageOf } from '../../error.ts';
import type { PostgresConnection } from './connection.ts';
import { isCut } from './failures.ts';
import { hasCode } from './settings.ts';

/**
 * Commits. Where the connection is cut at that moment the server is asked, on another one, what became of the
 * transaction, after the old session was ended: returns if it was committed, and throws what was thrown if it was not.
 */
export async function commit(connection: PostgresConnection): Promise<void> {
  const [row] = await connection.query('SELECT pg_current_xact_id_if_assigned()::text AS id');
  try {
    await connection.query('COMMIT');
  } catch (error) {
    // What the server itself refuses it has rolled back.
    if (!connection.lost() && !isCut(error)) throw error;
    const id = row?.['id'];
    if (typeof id !== 'string' || !(await wasCommitted(connection, id, error))) throw error;
  }
}

/** In milliseconds, for a server that is restarting as well. */
const patience = 30_000;

async function wasCommitted(lost: PostgresConnection, id: string, cause: unknown): Promise<boolean> {
  const start = performance.now();
  for (;;) {
    try {
      await using other = await lost.beside();
      for (;;) {
        const state = await stateOf(other, lost, id);
        if (state !== 'in progress') return state === 'committed';
        if (performance.now() - start > patience) throw inDoubt(lost, cause);
        await sleep(50);
      }
    } catch (error) {
      if (error instanceof ForerunError && error.code === 'PROVIDER_FAILED') throw error;
      if (performance.now() - start > patience) throw inDoubt(lost, error);
    }
    await sleep(250);
  }
}

async function stateOf(other: PostgresConnection, lost: PostgresConnection, id: string): Promise<unknown> {
  const [old] = await other.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = $1 AND backend_start::text = $2`,
    [lost.pid, lost.begun],
  );
  if (old !== undefined) return 'in progress';
  try {
    const [row] = await other.query('SELECT pg_xact_status($1::xid8) AS state', [id]);
    return row?.['state'];
  } catch (error) {
    // After a crash the server may not have come to that transaction yet.
    if (hasCode(error, '22023')) return 'aborted';
    throw error;
  }
}

function inDoubt({ target }: PostgresConnection, cause: unknown): ForerunError<'PROVIDER_FAILED'> {
  return new ForerunError(
    'PROVIDER_FAILED',
    `The connection to ${target.url} was lost at COMMIT, and the server could not be asked since: ${messageOf(cause)}`,
    { details: {}, next: 'Once the server can be reached, see what is there: forerun status', cause },
  );
}
