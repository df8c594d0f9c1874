/** What the keeper is to run. It may hold a password, so that it is no argument of a program. */
export interface Order {
  readonly words: readonly string[];
  readonly cwd: string;
  /** What is undefined is taken out of the environment. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

export type ToKeeper = { readonly do: 'go'; readonly order: Order } | { readonly do: 'end' };

/** How a command ended. */
export interface Ended {
  readonly exitCode?: number;
  readonly signal?: string;
  /** Why it could not be started. */
  readonly unstarted?: string;
  /** How many programs it left running in its group. */
  readonly left: number;
  /** Those that it left running outside its group. */
  readonly escaped: readonly number[];
}
