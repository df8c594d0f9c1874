import type { Target } from '../../seams/target.ts';
import { freshSettings, planPrefix, type PostgresConnection } from './connection.ts';
import { flushCounters } from './settled.ts';

/** A session that is closed when it is disposed of, unless it was said that it can be used again. */
export interface ScriptSession extends PostgresConnection {
  /** Call when a script has gone well, outside any transaction. */
  keep(): Promise<void>;
}

/**
 * The sessions of runs' scripts. The next script of a run on a database goes on with the one before's, because connecting,
 * and having the server read its catalogs anew, takes longer than a small migration.
 */
export interface KeptSessions {
  connect(target: Target, run: string): Promise<ScriptSession>;
  /** Closes those of a run that nobody uses, on one database or on all. */
  rest(run: string, target?: Target): Promise<void>;
}

export function keptSessions(open: (target: Target, run: string) => Promise<PostgresConnection>): KeptSessions {
  const idle = new Map<string, Map<string, PostgresConnection>>();
  const take = async (target: Target, run: string): Promise<PostgresConnection | undefined> => {
    const found = idle.get(run)?.get(target.variable);
    if (found === undefined) return undefined;
    idle.get(run)?.delete(target.variable);
    if (!found.lost() && (await asNew(found).catch(() => false))) return found;
    await found[Symbol.asyncDispose]();
    return undefined;
  };
  const give = async (target: Target, run: string, connection: PostgresConnection): Promise<void> => {
    const ofRun = idle.get(run) ?? new Map<string, PostgresConnection>();
    idle.set(run, ofRun);
    if (connection.lost() || ofRun.has(target.variable)) await connection[Symbol.asyncDispose]();
    else ofRun.set(target.variable, connection);
  };
  return {
    async connect(target, run) {
      const connection = (await take(target, run)) ?? (await open(target, run));
      let reusable = false;
      return {
        ...connection,
        async keep() {
          // What was counted of this session's writes is complete from then on, though it does not end.
          if (connection.version >= 150_000) await flushCounters(connection);
          reusable = true;
        },
        async [Symbol.asyncDispose]() {
          if (reusable) await give(target, run, connection);
          else await connection[Symbol.asyncDispose]();
        },
      };
    },
    async rest(run, target) {
      const ofRun = idle.get(run);
      for (const [variable, connection] of ofRun ?? []) {
        if (target !== undefined && target.variable !== variable) continue;
        ofRun?.delete(variable);
        await connection[Symbol.asyncDispose]();
      }
      if (target === undefined) idle.delete(run);
    },
  };
}

/**
 * What DISCARD ALL does, save that our own prepared statements stay. False where the script has left some of its own: they
 * cannot be told to go without naming them.
 */
async function asNew(connection: PostgresConnection): Promise<boolean> {
  const [row] = await connection.query(
    `SET SESSION AUTHORIZATION DEFAULT; RESET ROLE; RESET ALL; CLOSE ALL; UNLISTEN *; DISCARD TEMP; DISCARD SEQUENCES;
     SELECT pg_advisory_unlock_all(), ${freshSettings},
            (SELECT count(*)::int FROM pg_catalog.pg_prepared_statements WHERE left(name, ${planPrefix.length}) <> '${planPrefix}') AS others`,
  );
  return row?.['others'] === 0;
}
