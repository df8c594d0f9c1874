/** From where on something warns, and from where on it blocks. Absent: never. */
export interface Limit {
  readonly warn?: number;
  readonly block?: number;
}

/** What a migration may cost others. Only what a driver can measure is judged. */
export interface Limits {
  /** The longest that a write of a table would have waited, in milliseconds. @default { warn: 1000, block: 5000 } */
  readonly writeWaitMs: Limit;
  /** The longest that a read of a table would have waited, in milliseconds. @default { warn: 1000, block: 5000 } */
  readonly readWaitMs: Limit;
  /** Bytes of a table, with its indexes, that is written anew. @default { warn: 100000000 } */
  readonly rewriteBytes: Limit;
  /** How long the migration takes on the branch, in milliseconds. @default {} */
  readonly durationMs: Limit;
}

export const defaultLimits: Limits = {
  writeWaitMs: { warn: 1000, block: 5000 },
  readWaitMs: { warn: 1000, block: 5000 },
  rewriteBytes: { warn: 100_000_000 },
  durationMs: {},
};

export type LimitSeverity = 'warn' | 'block';

/** Which limit a value is over, and by which severity it counts; undefined where it is within both. */
export function over(
  value: number,
  limit: Limit,
): { readonly severity: LimitSeverity; readonly limit: number } | undefined {
  if (limit.block !== undefined && value > limit.block) return { severity: 'block', limit: limit.block };
  if (limit.warn !== undefined && value > limit.warn) return { severity: 'warn', limit: limit.warn };
  return undefined;
}
