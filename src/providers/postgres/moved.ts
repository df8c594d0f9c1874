import type { Session } from '../../seams/driver.ts';

/** Counts that tell whether a database was written. */
export interface Counts {
  /** Next transaction id of the whole server. */
  readonly xid: string;
  readonly stats: string;
  /** Sessions that may hold back what they counted. */
  readonly unsure: boolean;
}

/**
 * PostgreSQL keeps no version of a database. Two facts stand in for it. Each transaction that writes anything anywhere
 * on the server takes an id: where no id was taken since, nothing was written. Else the statistics of this one database
 * decide (rows and catalog rows written, from all of its finished sessions), but only where no session is connected
 * that may not have handed its counts in yet. In doubt the answer is that it moved. What neither sees is `nextval`.
 */
export async function countsOf(session: Session, database: string): Promise<Counts> {
  const [row] = await session.query(
    `SELECT pg_snapshot_xmax(pg_current_snapshot())::text AS xid,
      concat_ws(' ', d.oid, tup_inserted, tup_updated, tup_deleted, stats_reset, pg_postmaster_start_time()) AS stats,
      current_setting('track_counts') <> 'on' OR current_setting('server_version_num')::int < 150000
        OR EXISTS (SELECT FROM pg_stat_activity a WHERE a.datid = d.oid AND a.pid <> pg_backend_pid())
        OR EXISTS (SELECT FROM pg_prepared_xacts p WHERE p.database = d.datname) AS unsure
    FROM pg_database d LEFT JOIN pg_stat_database s ON s.datid = d.oid WHERE d.datname = $1`,
    [database],
  );
  return {
    xid: String(row?.['xid']),
    stats: String(row?.['stats']),
    unsure: row?.['unsure'] !== false,
  };
}

export function haveMoved(then: Counts, now: Counts): boolean {
  if (then.xid === now.xid && then.stats.split(' ')[0] === now.stats.split(' ')[0]) return false;
  return then.unsure || now.unsure || then.stats !== now.stats;
}
