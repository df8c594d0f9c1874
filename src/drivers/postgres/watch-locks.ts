import type { QueryEvidence } from '../../seams/evidence.ts';
import type { Target } from '../../seams/target.ts';
import { sampleLocks, type SamplingClient } from './lock-sampler.ts';
import type { LockSpan } from './lock-spans.ts';
import { ReadProbes, type ReadWait } from './read-probes.ts';
import type { Relation } from './relations.ts';
import { SeenQueries } from './seen-queries.ts';
import { backendOf, closed, type Open, type SideSession } from './side-session.ts';

/** Looking at locks while a migration runs. */
export interface LockWatch {
  end(): Promise<Watched>;
}

export interface Watched {
  readonly spans: readonly LockSpan[];
  readonly reads: readonly ReadWait[];
  /** Those that were seen, without values. */
  queries(): readonly QueryEvidence[];
  readonly notes: readonly string[];
}

export interface Watching {
  /** The relations that exist now. */
  readonly relations: ReadonlyMap<number, Relation>;
  /** Backends of ours, besides the one that looks. */
  readonly own: readonly number[];
  /** Told when a session waits until other transactions end. */
  waited(): void;
}

/** Looks at the locks on relations, and has readers wait for tables that are locked against reading. */
export async function watchLocks(
  side: SideSession,
  open: Open,
  branch: Target,
  { relations, own: others, waited }: Watching,
): Promise<LockWatch> {
  const { client } = await side.connection();
  const own = new Set([side.pid(), ...others]);
  const probes = new ReadProbes(async () => {
    const connection = await open(branch);
    const { query } = connection.client as { query(sql: string): Promise<unknown> };
    return {
      pid: await backendOf(connection),
      run: async (sql) => rowsOfLast(await query.call(connection.client, sql)),
      close: () => closed(connection),
    };
  }, own);
  const seen = new SeenQueries();
  let lastLook = 0;
  const sampling = await sampleLocks(client as SamplingClient, {
    own,
    knows: (relation) => relations.has(relation),
    looked(held, at, queries, waits) {
      if (waits) waited();
      seen.add(queries, at);
      lastLook = at;
      for (const { relation, mode, from } of held) {
        const { kind, name } = relations.get(relation) ?? {};
        if (mode === 'ACCESS EXCLUSIVE' && at - from > patience && name !== undefined && lockable.includes(kind ?? ''))
          probes.read(relation, name);
      }
    },
  });
  return {
    async end() {
      try {
        const { spans, longestGap } = await sampling.end();
        return {
          spans,
          reads: await probes.end(),
          queries: () => seen.list(lastLook),
          notes: longestGap > blind ? [gap(longestGap)] : [],
        };
      } finally {
        await probes.end();
      }
    },
  };
}

/** A session for a lock that is over at once costs more than it tells. */
const patience = 20;

/** Tables, partitioned ones, views. */
const lockable = ['r', 'p', 'v'];

/** Locks that are held for less may go unseen without a word. */
const blind = 50;

function gap(ms: number): string {
  return `For ${Math.round(ms)} ms nobody looked at the locks, because this process was busy: one that was held for less may have gone unseen.`;
}

/** Several statements answer several results. */
function rowsOfLast(result: unknown): readonly Readonly<Record<string, unknown>>[] {
  const last = (Array.isArray(result) ? result.at(-1) : result) as {
    readonly rows: Readonly<Record<string, unknown>>[];
  };
  return last.rows;
}
