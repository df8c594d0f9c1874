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
  /** From now on those of this run are kept, for somebody will call `rest` at its end. */
  begin(run: string): void;
  connect(target: Target, run: string): Promise<ScriptConnection<C>>;
  /** Closes those of a run that nobody uses, on one database, or on all and for good. */
  rest(run: string, target?: Target): Promise<void>;
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
    const ofRun = idle.get(run);
    if (ofRun === undefined || lost?.(connection) || ofRun.has(target.variable))
      await connection[Symbol.asyncDispose]();
    else ofRun.set(target.variable, connection);
  };
  return {
    begin(run) {
      if (!idle.has(run)) idle.set(run, new Map());
    },
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
