/** How something is run in a VM. */
export type RunIn = (vm: string, script: string, options: RunOptions) => Promise<Ran>;

export interface RunOptions {
  /** Read by the script from its standard input. */
  readonly input?: string;
  readonly limitMs: number;
}

/** `code` is undefined where nobody knows whether the script ended, and how; `why` says what happened instead. */
export interface Ran {
  readonly code: number | undefined;
  readonly stdout: string;
  readonly why: string;
}

/** A word for bash. */
export function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
