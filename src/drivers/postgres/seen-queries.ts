import type { QueryEvidence } from '../../seams/evidence.ts';
import type { RunningQuery } from './lock-spans.ts';
import { ownTables } from './names.ts';
import { normalQuery } from './normal-query.ts';

/** The queries of other sessions, as looks at them go by. One that is over before anybody looks is not seen. */
export class SeenQueries {
  #since: number | undefined;
  readonly #running = new Map<number, RunningQuery>();
  /** By their text as it is; only `list` reads it, which takes longer than a look. */
  readonly #ended = new Map<string, Took>();

  /** `at`: when it was looked. */
  add(queries: readonly RunningQuery[], at: number): void {
    this.#since ??= at;
    for (const query of queries) {
      if ((query.ended ?? at) < this.#since) continue;
      const before = this.#running.get(query.pid);
      // The session was at the next one already when it was looked at again.
      if (before !== undefined && before.began < query.began) this.#end(before, query.began);
      if (query.ended === undefined) this.#running.set(query.pid, query);
      else {
        this.#running.delete(query.pid);
        this.#end(query, query.ended);
      }
    }
  }

  /** Those that took longest, longest first, without values: those that differ in values alone are one. `at` is now. */
  list(at: number): readonly QueryEvidence[] {
    for (const query of this.#running.values()) this.#end(query, at);
    this.#running.clear();
    const all = new Map<string, Took>();
    for (const [sql, took] of this.#ended) if (!isOurs(sql)) add(all, normalQuery(sql), took);
    return [...all]
      .map(([sql, { times, ms, longestMs }]) => ({ sql, times, ms: rounded(ms), longestMs: rounded(longestMs) }))
      .sort((a, b) => b.ms - a.ms)
      .slice(0, most);
  }

  #end({ sql, began }: RunningQuery, ended: number): void {
    const ms = Math.max(0, ended - began);
    add(this.#ended, sql, { times: 1, ms, longestMs: ms });
    if (this.#ended.size <= mostTexts) return;
    for (const [text, took] of this.#ended) if (took.ms < worthKeeping) this.#ended.delete(text);
    // Then all of them are long, and there is no telling them all.
    if (this.#ended.size > mostTexts) this.#ended.delete(sql);
  }
}

interface Took {
  readonly times: number;
  readonly ms: number;
  readonly longestMs: number;
}

function add(all: Map<string, Took>, sql: string, { times, ms, longestMs }: Took): void {
  const known = all.get(sql) ?? { times: 0, ms: 0, longestMs: 0 };
  const longest = Math.max(known.longestMs, longestMs);
  all.set(sql, { times: known.times + times, ms: known.ms + ms, longestMs: longest });
}

const most = 50;
/** Each is as long as the server keeps it, which is a kilobyte by default. */
const mostTexts = 5000;
/** In milliseconds. */
const worthKeeping = 10;

/** What is asked and written around a migration, in its own session. */
function isOurs(sql: string): boolean {
  return (
    /\bforerun_|\bpg_catalog\.|^\s*(?:begin|commit|rollback|release|savepoint|discard|select set_config)\b/i.test(
      sql,
    ) ||
    ownTables.some((table) => sql.includes(table)) ||
    sql.trim() === ''
  );
}

function rounded(ms: number): number {
  return Math.round(ms * 10) / 10;
}
