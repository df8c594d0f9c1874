import { ForerunError } from '../../error.ts';
import type { Target } from '../../seams/target.ts';
import type { PostgresClient } from './client.ts';

/**
 * Whether two clients come to sessions of the server that are not theirs alone: a pooler that gives each transaction
 * the session that happens to be free has two clients come to the same one, or one to several. Nothing is left in those
 * sessions, which are an application's.
 */
export async function areShared(one: PostgresClient, other: PostgresClient): Promise<boolean> {
  const [first, second] = [await pidOf(one), await pidOf(other)];
  for (let time = 0; time < 3; time += 1) {
    const [again, beside] = [await pidOf(one), await pidOf(other)];
    if (again === beside || again !== first || beside !== second) return true;
  }
  return false;
}

async function pidOf(client: PostgresClient): Promise<number> {
  const answer = await client.query({ text: 'SELECT pg_backend_pid() AS pid' });
  return Number('rows' in answer ? answer.rows[0]?.['pid'] : undefined);
}

/** Settings, locks and savepoints would get mixed up between its clients. */
export function poolerRefusal({ url }: Target): ForerunError<'BAD_TARGET'> {
  return new ForerunError(
    'BAD_TARGET',
    `Between here and ${url} is a connection pooler in transaction mode: one connection comes to several sessions of the server, so that locks, settings and sessions do not hold.`,
    {
      details: { target: url },
      next: 'Give the address of the server itself: it often has another port, or a host name of its own (PgBouncer listens on 6432, a server on 5432).',
    },
  );
}
