import type { Connection } from '../seams/driver.ts';
import type { Target } from '../seams/target.ts';

/** A connection that is closed when it is disposed of, unless it was said that it can be used again. */
export type ScriptConnection<C> = C & {
  /** Call when a script has gone well, outside any transaction. */
  keep(): Promise<void>;
};

/**
 * The connections of runs' scripts. The next script of a run on a database goes on with the one before's, because opening
 * one, and having the schema read anew, takes longer than a small migration.
 */
export interface KeptConnections<C> {
  connect(target: Target, run: string): Promise<ScriptConnection<C>>;
  /** Closes those that nobody uses: of one run or all, on one database or all. Whoever names a run to `connect` calls it. */
  rest(of: { readonly run?: string | undefined; readonly target?: Target | undefined }): Promise<void>;
}

export interface Keeping<C> {
  open(target: Target, run: string): Promise<C>;
  /** Undoes what a script has left in one, before it is used again. False, or a throw, where it must be closed instead. */
  asNew(connection: C): Promise<boolean>;
  /** Last step with one that is kept. @default nothing */
  kept?(connection: C): Promise<void>;
  /** Whether it was cut meanwhile. @default never */
  lost?(connection: C): boolean;
}

export function keptConnections<C extends Connection>({ open, asNew, kept, lost }: Keeping<C>): KeptConnections<C> {
  const idle = new Map<string, Map<string, C>>();
  const take = async (target: Target, run: string): Promise<C | undefined> => {
    const found = idle.get(run)?.get(target.variable);
    if (found === undefined) return undefined;
    idle.get(run)?.delete(target.variable);
    if (!lost?.(found) && (await asNew(found).catch(() => false))) return found;
    await found[Symbol.asyncDispose]();
    return undefined;
  };
  const give = async (target: Target, run: string, connection: C): Promise<void> => {
    const ofRun = idle.get(run) ?? new Map<string, C>();
    idle.set(run, ofRun);
    if (lost?.(connection) || ofRun.has(target.variable)) await connection[Symbol.asyncDispose]();
    else ofRun.set(target.variable, connection);
  };
  return {
    async connect(target, run) {
      const connection = (await take(target, run)) ?? (await open(target, run));
      let reusable = false;
      return {
        ...connection,
        async keep() {
          await kept?.(connection);
          reusable = true;
        },
        async [Symbol.asyncDispose]() {
          if (reusable) await give(target, run, connection);
          else await connection[Symbol.asyncDispose]();
        },
      };
    },
    async rest({ run, target }) {
      for (const [ofRun, connections] of idle) {
        if (run !== undefined && run !== ofRun) continue;
        for (const [variable, connection] of connections) {
          if (target !== undefined && target.variable !== variable) continue;
          connections.delete(variable);
          await connection[Symbol.asyncDispose]();
        }
        if (connections.size === 0) idle.delete(ofRun);
      }
    },
  };
}
