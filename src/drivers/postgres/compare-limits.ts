/** How much is compared, and over how many connections. */
export interface CompareLimits {
  /** Bytes of a table, without indexes, up to which all of its rows are compared; of a larger one a part as large. */
  readonly compareBytes: number;
  /** Connections to each of the two. */
  readonly connections: number;
}

/** Seconds for a table whose rows are the same, minutes for one in which nearly all differ. */
export const defaultLimits: CompareLimits = { compareBytes: 2e9, connections: 2 };
