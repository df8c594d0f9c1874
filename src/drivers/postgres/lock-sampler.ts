import { setTimeout as sleep } from 'node:timers/promises';
import { lockModeOf } from './lock-conflicts.ts';
import { LockSpans, type HeldLock, type LockSample, type LockSpan, type RunningQuery } from './lock-spans.ts';

/** What is called of a pg client. */
export interface SamplingClient {
  query(query: {
    readonly name: string;
    readonly text: string;
    readonly values: unknown[];
  }): Promise<{ readonly rows: readonly Readonly<Record<string, unknown>>[] }>;
}

export interface SampleOptions {
  /** Backends whose locks are ours: this one and those of probes. Read at every look. */
  readonly own: ReadonlySet<number>;
  /** The relations that are of interest: those that existed before. */
  knows(relation: number): boolean;
  /**
   * Told after every look what is held, which queries began or ended since the one before, and whether a session waits
   * until other transactions end.
   */
  looked?(held: Iterable<LockSpan>, at: number, queries: readonly RunningQuery[], waits: boolean): void;
}

export interface Sampling {
  /** Looks once more and ends. Safe to repeat. */
  end(): Promise<Sampled>;
}

export interface Sampled {
  readonly spans: readonly LockSpan[];
  /** The longest time between two looks, in milliseconds. */
  readonly longestGap: number;
}

/**
 * Looks every few milliseconds at the locks of all other sessions of this database, autovacuum's left out. No
 * look outlasts its statement, so that nothing (CREATE INDEX CONCURRENTLY for one) waits for it. Resolves after the first
 * look; where the session is lost meanwhile, `end` rejects.
 */
export async function sampleLocks(client: SamplingClient, options: SampleOptions): Promise<Sampling> {
  const spans = new LockSpans();
  const look = lookFor(client, options);
  let changed = performance.now();
  const add = async (): Promise<void> => {
    const sample = await look();
    if (sample.locks !== undefined || sample.queries.length > 0) changed = performance.now();
    spans.add(sample);
    options.looked?.(spans.held(), sample.at, sample.queries, sample.waits);
  };
  await add();
  let ending = false;
  const wake = new AbortController();
  const looking = (async () => {
    for (let took = 0; ;) {
      const pause = performance.now() - changed > restless ? longPause : shortPause;
      // Looking at thousands of locks holds up who takes one.
      await sleep(Math.min(longPause, Math.max(pause, took)), undefined, { signal: wake.signal }).catch(() => {});
      const last = ending;
      const start = performance.now();
      await add();
      if (last) return;
      took = performance.now() - start;
    }
  })();
  // Whoever ends it is told.
  looking.catch(() => {});
  return {
    async end() {
      ending = true;
      wake.abort();
      await looking;
      return { spans: spans.spans(), longestGap: spans.longestGap };
    },
  };
}

/** In milliseconds; the long one while one statement runs on and on. */
const shortPause = 2;
const longPause = 4;
const restless = 50;

/** Sends what is new only: a transaction may hold thousands of locks for minutes. */
function lookFor(
  client: SamplingClient,
  { own, knows }: SampleOptions,
): () => Promise<LockSample & { readonly waits: boolean }> {
  let digest: unknown = null;
  let newest = 0;
  return async () => {
    const { rows } = await client.query({
      name: 'forerun_locks',
      text: locksQuery,
      values: [[...own], digest, newest],
    });
    const [row = {}] = rows;
    digest = row['digest'];
    const queries = ((row['queries'] ?? []) as QueryRow[])
      .map(([pid, began, sql, ended, transaction]): RunningQuery => ({
        pid,
        began,
        sql,
        ...(ended === null ? {} : { ended }),
        ...(transaction === null ? {} : { transactionBegan: transaction }),
      }))
      .sort((a, b) => a.began - b.began);
    newest = Math.max(newest, ...queries.map(({ began, ended }) => ended ?? began));
    const { locks } = row;
    return {
      at: Number(row['at']),
      queries,
      waits: row['waits'] === true,
      ...(typeof locks === 'string' ? { locks: heldIn(locks).filter(({ relation }) => knows(relation)) } : {}),
    };
  };
}

type QueryRow = [pid: number, began: number, sql: string, ended: number | null, transaction: number | null];

function heldIn(text: string): readonly HeldLock[] {
  if (text === '') return [];
  return text.split(',').flatMap((one) => {
    const [relation, pid, transaction = '', name = ''] = one.split(' ');
    const mode = lockModeOf(name);
    return mode === undefined ? [] : [{ relation: Number(relation), pid: Number(pid), transaction, mode }];
  });
}

/** Objects of users have numbers from 16384 on. */
const locksQuery = `
  WITH sessions AS MATERIALIZED (
    SELECT a.pid, a.query, a.wait_event, extract(epoch FROM a.query_start)::float8 * 1000 AS began,
           extract(epoch FROM a.xact_start)::float8 * 1000 AS transaction,
           CASE WHEN a.state LIKE 'idle%' THEN extract(epoch FROM a.state_change)::float8 * 1000 END AS ended
      FROM pg_catalog.pg_stat_get_activity(NULL) AS a
     WHERE a.datid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
       AND a.pid <> ALL ($1::int[]) AND a.backend_type <> 'autovacuum worker'),
  held AS MATERIALIZED (
    SELECT coalesce(string_agg(concat_ws(' ', l.relation, l.pid, l.virtualtransaction, l.mode), ','), '') AS locks
      FROM pg_catalog.pg_locks AS l
     WHERE l.locktype = 'relation' AND l.granted AND l.relation >= 16384
       AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
       AND l.pid IN (SELECT pid FROM sessions))
  SELECT extract(epoch FROM clock_timestamp())::float8 * 1000 AS at, hashtext(held.locks) AS digest,
         CASE WHEN hashtext(held.locks) IS DISTINCT FROM $2::int THEN held.locks END AS locks,
         EXISTS (SELECT FROM sessions AS s WHERE s.wait_event = 'virtualxid') AS waits,
         (SELECT json_agg(json_build_array(s.pid, s.began, s.query, s.ended, s.transaction)) FROM sessions AS s
           WHERE s.began > $3::float8 OR s.ended > $3::float8) AS queries
    FROM held`;
