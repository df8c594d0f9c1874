import { setTimeout as sleep } from 'node:timers/promises';
import { ForerunError } from '../../error.ts';
import type { Session } from '../../seams/driver.ts';

/** Throws where somebody is connected to a database that must be alone, and says who. Waits a moment for those who leave. */
export async function ensureAlone(
  session: Session,
  database: string,
  options: { readonly waitMs: number; readonly next: string; readonly signal?: AbortSignal | undefined },
): Promise<void> {
  const deadline = performance.now() + options.waitMs;
  for (;;) {
    const others = await connectedTo(session, database);
    if (others.length === 0) return;
    if (performance.now() >= deadline) throw notAlone(database, others, options.next);
    await sleep(50, undefined, options.signal === undefined ? {} : { signal: options.signal });
  }
}

/**
 * Waits for those who are about to leave: a client that is cut off while it ends its connection takes that for a failure.
 * Whoever is idle is given `idleMs`: connection pools end what nobody uses, most within 10 s.
 */
export async function letLeave(session: Session, database: string, idleMs: number): Promise<void> {
  const start = performance.now();
  for (;;) {
    const [row] = await session.query(
      `SELECT count(*) AS all, count(*) FILTER (WHERE state = 'idle') AS idle
      FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid() AND backend_type = 'client backend'`,
      [database],
    );
    if (Number(row?.['all']) === 0) return;
    if (performance.now() - start > Math.max(leavingMs, Number(row?.['idle']) > 0 ? idleMs : 0)) return;
    await sleep(20);
  }
}

const leavingMs = 500;

/** Those who are connected, and are so still a moment later: what only looks in now and then (monitoring) keeps nothing. */
export async function stayingIn(session: Session, database: string): Promise<readonly string[]> {
  const first = await connectedTo(session, database);
  if (first.length === 0) return [];
  await sleep(glanceMs);
  const still = new Set(await connectedTo(session, database));
  return first.filter((one) => still.has(one));
}

const glanceMs = 300;

/** Each in words, without what it is doing: the text of a query may hold values. */
export async function connectedTo(session: Session, database: string): Promise<readonly string[]> {
  const rows = await session.query(
    `SELECT pid, usename AS user, application_name AS application, client_addr::text AS address, backend_type AS type
    FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()
      AND backend_type NOT IN ('autovacuum worker', 'parallel worker') ORDER BY backend_start`,
    [database],
  );
  return (rows as readonly unknown[] as readonly Other[]).map(({ pid, user, application, address, type }) => {
    const program = application ? ` "${application}"` : '';
    const what = type === null || type === 'client backend' ? '' : ` ${type}`;
    const who = user === null ? '' : `user ${user}, `;
    return `pid ${pid}${what}${program} (${who}${address === null ? 'on the server itself' : `from ${address}`})`;
  });
}

/** PostgreSQL shows some of it to privileged roles alone. */
interface Other {
  readonly pid: number;
  readonly user: string | null;
  readonly application: string | null;
  readonly address: string | null;
  readonly type: string | null;
}

function notAlone(database: string, others: readonly string[], next: string): ForerunError<'PROVIDER_FAILED'> {
  const many = others.length === 1 ? 'One session is' : `${others.length} sessions are`;
  const shown = others.slice(0, 10).join('; ');
  const more = others.length > 10 ? `; and ${others.length - 10} more` : '';
  return new ForerunError(
    'PROVIDER_FAILED',
    `${many} connected to "${database}", which can be copied only while nobody is: ${shown}${more}.`,
    { details: {}, next },
  );
}
