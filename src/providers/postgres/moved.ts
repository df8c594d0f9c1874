import type { Session } from '../../seams/driver.ts';

/** Counts that tell whether a database was written. */
export interface Counts {
  /** Transaction ids of the whole server: the oldest at work, the next one, those at work in between. */
  readonly xids: string;
  readonly stats: string;
  /** Sessions that may hold back what they counted. */
  readonly unsure: boolean;
}

/**
 * PostgreSQL keeps no version of a database. Two facts stand in for it. Each transaction that writes anything anywhere
 * on the server takes an id: where no id was taken since, and none that was at work has ended, nothing was written. Else the statistics of this one database
 * decide (rows and catalog rows written, from all of its finished sessions), but only where no session is connected
 * that may not have handed its counts in yet. In doubt the answer is that it moved. What neither sees is `nextval`.
 */
export async function countsOf(session: Session, database: string): Promise<Counts> {
  const [row] = await session.query(
    `SELECT pg_current_snapshot()::text AS xids,
      concat_ws(' ', d.oid, tup_inserted, tup_updated, tup_deleted, stats_reset, pg_postmaster_start_time()) AS stats,
      current_setting('track_counts') <> 'on' OR current_setting('server_version_num')::int < 150000
        OR EXISTS (SELECT FROM pg_stat_activity a WHERE a.datid = d.oid AND a.pid <> pg_backend_pid())
        OR EXISTS (SELECT FROM pg_prepared_xacts p WHERE p.database = d.datname) AS unsure
    FROM pg_database d LEFT JOIN pg_stat_database s ON s.datid = d.oid WHERE d.datname = $1`,
    [database],
  );
  return {
    xids: String(row?.['xids']),
    stats: String(row?.['stats']),
    unsure: row?.['unsure'] !== false,
  };
}

/** `ours`: ids of transactions of this process that wrote elsewhere on the server meanwhile. */
export function haveMoved(then: Counts, now: Counts, ours: readonly bigint[] = []): boolean {
  if (nothingRan(then, now, ours) && then.stats.split(' ')[0] === now.stats.split(' ')[0]) return false;
  return then.unsure || now.unsure || then.stats !== now.stats;
}

function nothingRan(then: Counts, now: Counts, ours: readonly bigint[]): boolean {
  if (then.xids === now.xids) return true;
  const [[, from, atWork], [, to, stillAtWork]] = [then.xids.split(':'), now.xids.split(':')];
  if (atWork !== '' || stillAtWork !== '') return false;
  const [first, next] = [BigInt(from ?? 0), BigInt(to ?? 0)];
  return BigInt(new Set(ours.filter((id) => id >= first && id < next)).size) === next - first;
}
