import type { QueryEvidence } from '../../seams/evidence.ts';
import type { RunningQuery } from './lock-spans.ts';
import { ownTables } from './names.ts';
import { normalQuery } from './normal-query.ts';

/**
 * The queries of other sessions, as looks at them go by. One that is over before anybody looks is not seen. No value is
 * kept: queries are normalised, and those that differ in values alone are one.
 */
export class SeenQueries {
  #since: number | undefined;
  readonly #running = new Map<number, RunningQuery>();
  readonly #ended = new Map<string, { times: number; ms: number; longestMs: number }>();

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

  /** Those that took longest, longest first; `at` is now. */
  list(at: number): readonly QueryEvidence[] {
    for (const query of this.#running.values()) this.#end(query, at);
    this.#running.clear();
    return [...this.#ended]
      .map(([sql, { times, ms, longestMs }]) => ({ sql, times, ms: rounded(ms), longestMs: rounded(longestMs) }))
      .sort((a, b) => b.ms - a.ms)
      .slice(0, most);
  }

  #end({ sql, began }: RunningQuery, ended: number): void {
    if (isOurs(sql)) return;
    const normal = normalQuery(sql);
    const known = this.#ended.get(normal) ?? { times: 0, ms: 0, longestMs: 0 };
    if (this.#ended.size >= mostKinds && known.times === 0) return;
    const ms = Math.max(0, ended - began);
    this.#ended.set(normal, { times: known.times + 1, ms: known.ms + ms, longestMs: Math.max(known.longestMs, ms) });
  }
}

const most = 50;
const mostKinds = 10_000;

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
