import { setTimeout as sleep } from 'node:timers/promises';
import type { Row, Session } from '../../seams/driver.ts';
import { planned } from './planned.ts';

/** A moment of the server. */
export interface Moment {
  /** When, in the server's own words. */
  readonly at: string;
  /** Position of the write-ahead log. */
  readonly wal: string;
  /** The next transaction's number: where it is the same, nothing was committed in between. */
  readonly transaction: string;
  /** What is counted of writes in other databases of the server. */
  readonly elsewhere: number;
  /** Differs from another moment's where counters were set back in between. */
  readonly since: string;
  /** Whether counters can be complete at all. */
  readonly counts: boolean;
}

export async function momentOf(session: Session): Promise<Moment> {
  const [row = {}] = await planned(session, 'moment', momentQuery);
  return {
    at: String(row['at']),
    wal: String(row['wal']),
    transaction: String(row['transaction']),
    elsewhere: Number(row['elsewhere']),
    since: String(row['since']),
    counts: row['counts'] === true,
  };
}

const momentQuery = `
    SELECT clock_timestamp()::text AS at, pg_current_wal_insert_lsn()::text AS wal,
           pg_snapshot_xmax(pg_current_snapshot())::text AS transaction,
           concat_ws(' ', pg_postmaster_start_time(), d.stats_reset) AS since,
           current_setting('track_counts')::bool AND current_setting('server_version_num')::int >= 150000 AS counts,
           (SELECT sum(o.tup_inserted + o.tup_updated + o.tup_deleted)::float8 FROM pg_catalog.pg_stat_database AS o
             WHERE o.datname IS DISTINCT FROM d.datname) AS elsewhere
      FROM pg_catalog.pg_stat_database AS d WHERE d.datname = current_database()`;

/** Bytes of the write-ahead log since a moment. */
export async function walSince(session: Session, { wal }: Moment): Promise<number> {
  const [row] = await session.query('SELECT (pg_current_wal_insert_lsn() - $1::pg_lsn)::float8 AS bytes', [wal]);
  return Number(row?.['bytes']);
}

/**
 * Waits up to a second until every session that did anything since the moment has ended, or has told last of all what it
 * wrote: else a session tells so when it ends, and until then at times of its own. Answers why the counters are not
 * complete, if they are not.
 */
export async function countsUnknown(
  session: Session,
  begun: Moment,
  own: ReadonlySet<number>,
): Promise<string | undefined> {
  if (!begun.counts)
    return 'the server does not count writes reliably (before PostgreSQL 15, or with track_counts off)';
  const deadline = performance.now() + longestWait;
  for (let pause = 2; ; pause = Math.min(pause * 2, 50)) {
    const [row] = await planned(session, 'active', activeQuery, [begun.at, [...own]]);
    if (Number(row?.['sessions']) === 0) break;
    if (performance.now() > deadline) return whoIsThere(row);
    await sleep(pause);
  }
  const { since } = await momentOf(session);
  return since === begun.since ? undefined : 'the counters of writes were set back meanwhile';
}

/** Makes the counts of this session's committed writes seen by all; call it outside a transaction. Since PostgreSQL 15. */
export async function flushCounters(session: Session): Promise<void> {
  await session.query(flushing);
}

/** A session that is idle after this has told all that it wrote. */
const flushing = 'SELECT pg_stat_force_next_flush()';

const longestWait = 1000;

function whoIsThere(row: Row | undefined): string {
  const sessions = Number(row?.['sessions']);
  return `${sessions === 1 ? 'a session of the migration is' : `${sessions} sessions of the migration are`} still connected, and what it wrote is not known yet`;
}

const activeQuery = `
  SELECT count(*)::int AS sessions
    FROM pg_catalog.pg_stat_activity AS a
   WHERE a.datname = current_database() AND a.pid <> ALL ($2::int[]) AND a.backend_type <> 'autovacuum worker'
     AND (a.state IS DISTINCT FROM 'idle' OR (a.state_change >= $1::timestamptz AND a.query <> '${flushing}'))`;
