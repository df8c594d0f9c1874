import { setTimeout as sleep } from 'node:timers/promises';
import type { Session, Watch } from '../../seams/driver.ts';
import type { Target } from '../../seams/target.ts';
import type { PostgresConnection } from './connection.ts';
import { ownTables } from './names.ts';
import { planned } from './planned.ts';
import { isOurs } from './sessions.ts';
import { sideSession } from './side-session.ts';

/**
 * Tells whether anybody committed a write to main. Every transaction that writes takes an id: where all ids that were
 * taken since on the whole server were rolled back, nobody did. Else the counters of main's tables and catalogs decide,
 * and where a session on main was at work that may hold its counts back, the answer is that it did. What nobody sees
 * is `nextval`. A session on main keeps it from being copied or renamed, and a new one takes ten times as long to answer:
 * it is kept for a moment, for who asks again and again.
 */
export async function watchPostgres(
  main: Target,
  connect: (target: Target) => Promise<PostgresConnection>,
): Promise<Watch> {
  const side = sideSession(main, connect);
  let resting: NodeJS.Timeout | undefined;
  const ask = async <T>(question: (session: PostgresConnection) => Promise<T>): Promise<T> => {
    clearTimeout(resting);
    try {
      return await question(await side.connection());
    } finally {
      resting = setTimeout(() => void side.close().catch(() => {}), idleLimitMs).unref();
    }
  };
  const look = (since?: Moment): Promise<Moment> =>
    ask(async (session) => {
      const now = await momentOf(session, since);
      if (session.version >= 150_000 || (since !== undefined && !now.committed)) return now;
      // Before 15, counts go through a process that shows them to others twice a second.
      await sleep(lateMs);
      return momentOf(session, since);
    });
  let last = await look();
  let unsure = false;
  let written: Written = new Map();
  return {
    async moved() {
      const now = await look(last);
      const moved = now.committed && (now.unsure || now.counts !== last.counts);
      unsure = now.unsure;
      written = since(last.tables, now.tables);
      last = now;
      return moved;
    },
    written: () => written,
    async shared() {
      // Who kept the answer from being certain may have left since.
      if (unsure) return true;
      const [row] = await ask((session) =>
        session.query(
          `SELECT EXISTS (SELECT FROM pg_stat_activity AS a WHERE a.datname = current_database() AND a.pid <> pg_backend_pid()
              AND a.backend_type IS DISTINCT FROM 'autovacuum worker' AND NOT ${isOurs}) AS shared`,
        ),
      );
      return row?.['shared'] === true;
    },
    async [Symbol.asyncDispose]() {
      clearTimeout(resting);
      await side.close();
    },
  };
}

type Written = ReadonlyMap<string, number>;

/** A table that was made anew begins at none. */
function since(before: Written, now: Written): Written {
  const more = [...now].map(([table, writes]) => [table, writes - (before.get(table) ?? 0)] as const);
  return new Map(more.filter(([, writes]) => writes > 0));
}

/** In milliseconds. */
const lateMs = 700;
const idleLimitMs = 1000;

interface Moment {
  readonly at: string;
  /** The next id. */
  readonly xid: string;
  /** Ids of transactions that were running. */
  readonly running: readonly string[];
  /** Whether one of those that ran, or began, since the other moment was committed. */
  readonly committed: boolean;
  readonly counts: string;
  /** Rows that were ever written, by table. */
  readonly tables: Written;
  /** Whether a session may hold counts back that it made since the other moment. */
  readonly unsure: boolean;
}

async function momentOf(session: Session, since: Moment | undefined): Promise<Moment> {
  const [row] = await planned(session, 'main', momentQuery, [
    since?.xid ?? null,
    since?.running ?? [],
    since?.at ?? null,
    String(longest),
    ownTables,
  ]);
  return {
    at: String(row?.['at']),
    xid: String(row?.['xid']),
    running: JSON.parse(String(row?.['running'])) as string[],
    committed: row?.['committed'] !== false,
    counts: String(row?.['counts']),
    tables: new Map(Object.entries(JSON.parse(String(row?.['tables'])) as Record<string, number>)),
    unsure: row?.['unsure'] !== false,
  };
}

/** So many ids are looked at one by one; where more were taken, one was committed. */
const longest = 20_000;

/** A session that is idle since before has written nothing since. Statistics that ANALYZE writes are no change. */
const momentQuery = `
  SELECT clock_timestamp()::text AS at, pg_snapshot_xmax(s.now)::text AS xid,
         (SELECT coalesce(json_agg(x::text), '[]')::text FROM pg_snapshot_xip(s.now) AS x) AS running,
         CASE WHEN $1::text IS NULL THEN false
              WHEN pg_snapshot_xmax(s.now)::text::numeric - $1::numeric > $4::numeric THEN true
              ELSE EXISTS (SELECT FROM (SELECT id::text FROM generate_series($1::numeric, pg_snapshot_xmax(s.now)::text::numeric - 1) AS id
                                         UNION ALL SELECT unnest($2::text[])) AS ids(id)
                            WHERE pg_xact_status(ids.id::xid8) = 'committed') END AS committed,
         (SELECT concat_ws(' ', sum(pg_stat_get_tuples_inserted(c.oid)), sum(pg_stat_get_tuples_updated(c.oid)), sum(pg_stat_get_tuples_deleted(c.oid)),
                           count(*), sum(c.relfilenode::bigint))
            FROM pg_catalog.pg_class AS c
           WHERE c.relkind IN ('r', 'm') AND NOT c.relisshared AND c.relname NOT IN ('pg_statistic', 'pg_statistic_ext_data')) AS counts,
         (SELECT coalesce(json_object_agg(format('%I.%I', n.nspname, c.relname), w.rows), '{}')::text
            FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace,
                 LATERAL (SELECT pg_stat_get_tuples_inserted(c.oid) + pg_stat_get_tuples_updated(c.oid) + pg_stat_get_tuples_deleted(c.oid) AS rows) AS w
           WHERE c.relkind IN ('r', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND c.relname <> ALL ($5) AND w.rows > 0) AS tables,
         current_setting('track_counts') <> 'on' OR EXISTS (
           SELECT FROM pg_stat_activity AS a WHERE a.datname = current_database() AND a.pid <> pg_backend_pid() AND NOT ${isOurs}
              AND a.backend_type IS DISTINCT FROM 'autovacuum worker'
              AND (a.state_change IS NULL OR a.state IS DISTINCT FROM 'idle' OR a.state_change > $3::timestamptz))
           OR EXISTS (SELECT FROM pg_prepared_xacts AS p WHERE p.database = current_database()) AS unsure
    FROM (SELECT pg_current_snapshot() AS now) AS s`;
