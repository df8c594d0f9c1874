import type { Message } from './peer.ts';

/** Of the conversation; both sides must have the same. */
export const protocol = 1;

/** What the agent says of itself in the file `ready`. */
export interface Hello {
  readonly protocol: number;
  /** Of the package. */
  readonly version: string;
  readonly pid: number;
}

/** One delivery to the agent: the file `in/<number>`. Its answer, `out/<number>`, stays until it is known to have arrived. */
export interface Batch {
  /** Up to which number the answers have arrived. */
  readonly arrived: number;
  /** Whether the answer may wait until there is something to say. */
  readonly waits: boolean;
  readonly messages: readonly Message[];
}

export type Answer = readonly Message[];

/** After so long without a word, in milliseconds of its own, an agent takes it that nobody will ever speak to it again. */
export const silenceMs = 30_000;

/** Where something is held open in a VM and nothing else is said, a word is said so often. */
export const wordMs = 8000;
