import type { Session } from '../../seams/driver.ts';
import type { PostgresConnection } from './connection.ts';
import { normalQuery } from './normal-query.ts';
import { loadParser } from './parser.ts';

/** Who keeps a session waiting, as far as was seen from beside it. */
export interface BlockerWatch extends AsyncDisposable {
  /** In words; undefined where nobody was seen. */
  last(): string | undefined;
  /** Forgets what was seen, before another try. */
  forget(): void;
}

export interface WatchOptions {
  /** When it is first looked, and how often, in milliseconds. */
  readonly everyMs: number;
  /** Told once when the session has waited for a second. */
  readonly waiting: ((message: string) => void) | undefined;
}

/** Looks from a connection of its own, which is opened where the session is still at work when it is first looked. */
export function watchBlockers(connection: PostgresConnection, { everyMs, waiting }: WatchOptions): BlockerWatch {
  let beside: Promise<PostgresConnection | undefined> | undefined;
  let seen: string | undefined;
  let since: number | undefined;
  let told = false;
  let looking = Promise.resolve();
  let ended = false;
  const look = async (): Promise<void> => {
    beside ??= connection.beside().catch(() => undefined);
    const session = await beside;
    if (session === undefined || ended) return;
    await loadParser();
    const found = await blockersOf(session, connection.pid);
    if (found === undefined) {
      since = undefined;
      return;
    }
    seen = found;
    since ??= performance.now() - everyMs;
    if (told || performance.now() - since < worthTelling) return;
    told = true;
    waiting?.(`It waits for a lock; ${found}.`);
  };
  const timer = setInterval(() => {
    // A session that cannot be asked is no reason to fail.
    looking = looking.then(() => (ended ? undefined : look())).catch(() => {});
  }, everyMs);
  return {
    last: () => seen,
    forget: () => (seen = undefined),
    async [Symbol.asyncDispose]() {
      ended = true;
      clearInterval(timer);
      await looking;
      await (await beside)?.[Symbol.asyncDispose]();
    },
  };
}

/** Nobody wants to read of shorter waits, in milliseconds. */
const worthTelling = 1000;

/** Undefined where the session waits for nobody. No value is in it: queries are normalised. */
export async function blockersOf(session: Session, pid: number): Promise<string | undefined> {
  const rows = await session.query(
    `SELECT b.pid, a.application_name AS application, a.usename::text AS user, a.query, a.state,
            extract(epoch FROM clock_timestamp() - coalesce(a.xact_start, a.backend_start))::float8 AS age,
            (SELECT l.relation::regclass::text FROM pg_locks AS l
              WHERE l.pid = $1 AND NOT l.granted AND l.relation IS NOT NULL LIMIT 1) AS wanted
       FROM (SELECT DISTINCT unnest(pg_blocking_pids($1)) AS pid) AS b LEFT JOIN pg_stat_activity AS a ON a.pid = b.pid
      ORDER BY a.xact_start LIMIT 5`,
    [pid],
  );
  if (rows.length === 0) return undefined;
  const wanted = rows[0]?.['wanted'];
  const holders = rows.map(inWords).join('; ');
  return `${typeof wanted === 'string' ? `${wanted} is` : 'what it needs is'} held by ${holders}`;
}

function inWords(row: Readonly<Record<string, unknown>>): string {
  const { pid, application, user, query, state, age } = row;
  // Of no session is what a prepared transaction holds.
  if (pid === 0) return 'a prepared transaction (see pg_prepared_xacts)';
  const who = [text(application) === '' ? '' : ` "${text(application)}"`, text(user) === '' ? '' : ` of ${text(user)}`];
  // Not everybody may see another one's query.
  const shown = typeof query === 'string' && query !== '' && !query.startsWith('<') ? normalQuery(query) : undefined;
  const doing =
    shown === undefined ? '' : `, ${text(state).startsWith('idle') ? `idle after ${shown}` : `at ${shown}`}`;
  const long = typeof age === 'number' ? `, since ${age < 10 ? age.toFixed(1) : Math.round(age)} s` : '';
  return `pid ${String(pid)}${who.join('')}${doing}${long}`;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
