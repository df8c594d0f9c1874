import { conflicts, writeMode, type LockMode } from './lock-conflicts.ts';

/** One look at the locks of all sessions that are watched. Times are the server's, in milliseconds. */
export interface LockSample {
  readonly at: number;
  /** Absent where they are the same as in the look before. */
  readonly locks?: readonly HeldLock[];
  /** The last query of each session, where it began or ended since the look before. */
  readonly queries: readonly RunningQuery[];
}

export interface HeldLock {
  readonly relation: number;
  readonly pid: number;
  /** Another one for every transaction. */
  readonly transaction: string;
  readonly mode: LockMode;
}

export interface RunningQuery {
  readonly pid: number;
  readonly began: number;
  /** Absent while it runs. */
  readonly ended?: number;
  /** When its transaction began; absent outside one. */
  readonly transactionBegan?: number;
  /** As far as the server keeps it. */
  readonly sql: string;
}

/** From when to when one transaction held one lock. */
export interface LockSpan {
  readonly relation: number;
  readonly mode: LockMode;
  readonly pid: number;
  readonly transaction: string;
  readonly from: number;
  readonly to: number;
  /** What its session was seen to run last before the lock was there. */
  readonly before: RunningQuery | undefined;
  /** What its session began since, in order, as far as it was seen; one that was over at once was not. */
  readonly queries: readonly RunningQuery[];
}

/**
 * Puts looks together. A lock that one look shows and the look before or behind it does not was taken or given back in
 * between, not before its transaction began, and not after its session fell idle; a COMMIT that was seen says it more
 * exactly. The middle of what remains is taken for true.
 */
export class LockSpans {
  readonly #done: LockSpan[] = [];
  readonly #open = new Map<string, LockSpan>();
  /** The last that each session began. */
  readonly #queries = new Map<number, RunningQuery>();
  #last: number | undefined;
  #longestGap = 0;

  /** The longest time between two looks. */
  get longestGap(): number {
    return this.#longestGap;
  }

  add({ at, locks, queries }: LockSample): void {
    const last = this.#last ?? at;
    this.#longestGap = Math.max(this.#longestGap, at - last);
    this.#last = at;
    if (locks !== undefined) this.#compare(locks, last, at, queries);
    for (const query of queries) this.#queries.set(query.pid, query);
  }

  /** Those held now go on; call it again later for them. */
  spans(): readonly LockSpan[] {
    return [...this.#done, ...[...this.#open.values()].map((span) => ({ ...span, to: this.#last ?? span.from }))];
  }

  /** Locks that are held at this moment, by relation and since when. */
  held(): Iterable<LockSpan> {
    return this.#open.values();
  }

  #compare(locks: readonly HeldLock[], last: number, at: number, fresh: readonly RunningQuery[]): void {
    const gone = new Set(this.#open.keys());
    const between = (pid: number, earliest: (query: RunningQuery) => number | undefined): number => {
      const query = fresh.find((one) => one.pid === pid);
      const [from, to] = [(query && earliest(query)) ?? last, query?.ended ?? at];
      return ((from > last && from < at ? from : last) + (to > last && to < at ? to : at)) / 2;
    };
    const close = (key: string): void => {
      const span = this.#open.get(key);
      const to = between(span?.pid ?? 0, ({ sql, began }) => (endsTransaction.test(sql) ? began : undefined));
      if (span !== undefined) this.#done.push({ ...span, to: Math.max(span.from, to) });
      this.#open.delete(key);
    };
    for (const { relation, mode, pid, transaction } of locks) {
      const key = `${relation} ${mode} ${pid}`;
      const open = this.#open.get(key);
      const queries = fresh.filter((query) => query.pid === pid);
      gone.delete(key);
      // CREATE INDEX CONCURRENTLY and VACUUM keep theirs from one of their transactions to the next. Of a lock that keeps
      // others waiting, nobody knows whether it was given back in between; COMMIT in a procedure does that.
      const goesOn = open?.transaction === transaction || (queries.length === 0 && !conflicts(mode, writeMode));
      if (open !== undefined && goesOn) continue;
      close(key);
      const before = this.#queries.get(pid);
      const from = between(pid, ({ transactionBegan }) => transactionBegan);
      this.#open.set(key, { relation, mode, pid, transaction, from, to: at, before, queries });
    }
    gone.forEach(close);
  }
}

const endsTransaction = /^\s*(?:commit|end|rollback|abort)\b/i;
