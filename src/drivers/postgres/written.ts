import type { Row, Session } from '../../seams/driver.ts';
import { isTable, nameOf } from './tables.ts';

/** What the server has counted of writes to each table, and what says whether that can be trusted. */
export interface WriteCounters {
  /** Why the counters prove nothing; absent where they do. */
  readonly unknown?: string;
  /** Differs from another moment's where counters were set back in between. */
  readonly since: string;
  readonly tables: ReadonlyMap<string, TableCounters>;
}

export interface TableCounters {
  /** Which table and which file: TRUNCATE and rewrites are not counted as writes, and take a new file. */
  readonly storage: string;
  /** Rows inserted, updated and deleted since the counters began. */
  readonly writes: number;
}

/**
 * The counters as they are now. A session keeps its counts to itself for up to a second, and longer while it is busy,
 * so they are complete only where every session that may have written has disconnected, or is this one, or is one of
 * `flushed` (by pid), which called `flushCounters` after its last write. Otherwise they are unknown, as they are before
 * PostgreSQL 15, without `track_counts`, and inside a transaction.
 */
export async function writeCounters(session: Session, flushed: readonly number[] = []): Promise<WriteCounters> {
  const [start] = await session.query(
    `SELECT current_setting('server_version_num')::int >= 150000 AS complete, now()::text AS began`,
  );
  if (start?.['complete'] === true) await flushCounters(session);
  const [state] = await session.query(stateQuery, [start?.['began'], flushed]);
  const rows = await session.query(countersQuery);
  const unknown = start?.['complete'] === true ? whyUnknown(state) : 'PostgreSQL 14 loses counts under load';
  return {
    ...(unknown === undefined ? {} : { unknown }),
    since: String(state?.['since']),
    tables: new Map(
      rows.map((row) => [nameOf(row), { storage: String(row['storage']), writes: Number(row['writes']) }]),
    ),
  };
}

/** Makes the counts of this session's committed writes seen by all; call it outside a transaction. Since PostgreSQL 15. */
export async function flushCounters(session: Session): Promise<void> {
  await session.query(flushing);
}

/** A session that is idle after this has told all that it wrote. */
export const flushing = 'SELECT pg_stat_force_next_flush()';

/**
 * The tables that may have been written between two moments, those that came into being included; undefined where the
 * counters prove nothing, so that any table may have been. A table that is not named was not written.
 */
export function tablesWritten(before: WriteCounters, after: WriteCounters): ReadonlySet<string> | undefined {
  if (before.unknown !== undefined || after.unknown !== undefined || before.since !== after.since) return undefined;
  const written = new Set<string>();
  for (const [table, now] of after.tables) {
    const then = before.tables.get(table);
    if (then !== undefined && then.storage === now.storage && now.writes < then.writes) return undefined;
    if (then?.storage !== now.storage || then.writes !== now.writes) written.add(table);
  }
  return written;
}

const stateQuery = `
  SELECT current_setting('track_counts') = 'on' AS counting, now()::text = $1 AS inside,
         concat_ws(' ', pg_postmaster_start_time(), d.stats_reset, (SELECT stats_reset FROM pg_catalog.pg_stat_bgwriter)) AS since,
         (SELECT count(*)::int FROM pg_catalog.pg_stat_activity AS a
           WHERE a.datid = d.datid AND a.pid <> pg_backend_pid() AND a.pid <> ALL ($2::int[])
             AND a.backend_type IS DISTINCT FROM 'autovacuum worker') AS others
    FROM pg_catalog.pg_stat_database AS d WHERE d.datname = current_database()`;

const countersQuery = `
  SELECT n.nspname AS schema, c.relname AS table, c.oid || ' ' || c.relfilenode AS storage,
         (pg_stat_get_tuples_inserted(c.oid) + pg_stat_get_tuples_updated(c.oid) + pg_stat_get_tuples_deleted(c.oid))::float8 AS writes
    FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
   WHERE ${isTable}`;

function whyUnknown(state: Row | undefined): string | undefined {
  if (state?.['counting'] !== true) return 'track_counts is off';
  if (state['inside'] === true) return 'the counts of a transaction that goes on are not known';
  const others = Number(state['others']);
  return others === 0
    ? undefined
    : `${others} other session${others === 1 ? '' : 's'} may have counts that nobody sees yet`;
}
