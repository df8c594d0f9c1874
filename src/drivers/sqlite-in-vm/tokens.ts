import type { LockHolder } from '../../seams/driver.ts';
import type { StatementEvidence } from '../../seams/evidence.ts';
import type { Methods } from './peer.ts';

/** What an agent may call while it works on something: the steps of an attempt, and whoever wants to be told. */
export interface Called {
  prepare?(connection: number): Promise<void>;
  afterBegin?(connection: number): Promise<void>;
  body?(connection: number): Promise<void>;
  beforeCommit?(connection: number): Promise<void>;
  statement?(evidence: StatementEvidence): void;
  note?(message: string): void;
  readonly waiting?: ((message: string) => void) | undefined;
  locked?(holder: LockHolder | undefined): void;
}

export interface Tokens {
  readonly methods: Methods;
  /** By which number it is called. */
  put(called: Called): number;
  drop(token: number): void;
}

export function makeTokens(): Tokens {
  const all = new Map<number, Called>();
  let count = 0;
  return {
    put(called) {
      all.set((count += 1), called);
      return count;
    },
    drop: (token) => void all.delete(token),
    methods: {
      prepare: (token: number, connection: number) => all.get(token)?.prepare?.(connection),
      afterBegin: (token: number, connection: number) => all.get(token)?.afterBegin?.(connection),
      body: (token: number, connection: number) => all.get(token)?.body?.(connection),
      beforeCommit: (token: number, connection: number) => all.get(token)?.beforeCommit?.(connection),
      statement: (token: number, evidence: StatementEvidence) => all.get(token)?.statement?.(evidence),
      note: (token: number, message: string) => all.get(token)?.note?.(message),
      waiting: (token: number, message: string) => all.get(token)?.waiting?.(message),
      locked: (token: number, holder: LockHolder | undefined) => all.get(token)?.locked?.(holder),
    },
  };
}
