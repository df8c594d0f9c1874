import { setTimeout as sleep } from 'node:timers/promises';
import { ForerunError } from '../../error.ts';
import { quoteIdentifier } from '../../drivers/postgres/names.ts';
import type { ServerSession } from '../postgres/session.ts';

/**
 * Nobody can connect to a database any more, superusers included, and whoever was is gone: nothing can be written there.
 * `session` is with another database of the server. Answers the ids of the transactions that it took.
 */
export async function fence(session: ServerSession, database: string): Promise<readonly bigint[]> {
  const taken = await allow(session, database, false);
  const deadline = performance.now() + endLimitMs;
  for (;;) {
    // Whoever is about to connect has a lock on the database before it reads whether it may, and is seen afterwards.
    const [coming] = await session.query(
      `SELECT count(*)::int AS n FROM pg_locks WHERE locktype = 'object' AND classid = 'pg_database'::regclass
        AND objid = (SELECT oid FROM pg_database WHERE datname = $1)`,
      [database],
    );
    const left = await session.query(
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()',
      [database],
    );
    if (left.length === 0 && coming?.['n'] === 0) return taken;
    if (performance.now() > deadline) throw notEnded(database, left.length);
    await sleep(20);
  }
}

export async function unfence(session: ServerSession, database: string): Promise<void> {
  await allow(session, database, true);
}

const endLimitMs = 30_000;

async function allow(session: ServerSession, database: string, allowed: boolean): Promise<readonly bigint[]> {
  const [row] = await session.query(
    `ALTER DATABASE ${quoteIdentifier(database)} ALLOW_CONNECTIONS ${String(allowed)};
    SELECT pg_current_xact_id()::text AS xid`,
  );
  return row === undefined ? [] : [BigInt(String(row['xid']))];
}

function notEnded(database: string, count: number): ForerunError<'PROVIDER_FAILED'> {
  return new ForerunError('PROVIDER_FAILED', `${count} sessions with "${database}" could not be ended.`, {
    details: {},
    next: 'Is the role in the address allowed to end them (a superuser, or pg_signal_backend)?',
  });
}
