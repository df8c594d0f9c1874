import type { Provider } from '../../../src/seams/provider.ts';
import type { Target } from '../../../src/seams/target.ts';

export type Rows = readonly (readonly unknown[])[];

/** A connection to any database, from this process. */
export interface Opened {
  readonly target: Target;
  write(sql: string): Promise<void>;
  read(sql: string): Promise<Rows>;
  close(): Promise<void>;
}

/** An application on a database, in another process: within one process some engines lock nothing. */
export interface Rival {
  write(sql: string): Promise<void>;
  read(sql: string): Promise<Rows>;
  /**
   * Inserts into `notes (body)` without pause, and reads it too where asked, until `stop`. With `onceLocked` it writes
   * nothing before it is first refused a write transaction: it begins in the very middle of somebody's.
   */
  hammer(options: { readonly reads: boolean; readonly onceLocked: boolean }): Promise<void>;
  stop(): Promise<Hammered>;
  end(): Promise<void>;
}

export interface Hammered {
  /** Bodies of the rows that the rival was told are committed. */
  readonly acknowledged: readonly string[];
  readonly refused: number;
  readonly reads: number;
  /** In milliseconds. */
  readonly longestRead: number;
  /** Codes of reads that failed. */
  readonly failedReads: readonly string[];
}

export interface Death {
  /**
   * `promote` adds the row `promoted` to a branch and promotes it; `restore` adds the row `to be undone` to main and
   * restores the checkpoint before it. The steps that count are those of the last deed.
   */
  readonly kind: 'checkpoint' | 'branch' | 'snapshot' | 'promote' | 'restore';
  readonly label: string;
  readonly run?: string;
  /** 1-based; absent for one that lives until it is done. */
  readonly step?: number;
}

/** Made in each test and disposed of after it. */
export interface ProviderBench extends AsyncDisposable {
  readonly provider: Provider;
  /** A new database without any table. */
  makeMain(): Promise<Opened>;
  open(target: Target): Promise<Opened>;
  rival(target: Target): Promise<Rival>;
  /** Does something in a process of its own that is killed right before a step. False where it had finished before. */
  workAndDie(main: Target, death: Death): Promise<boolean>;
  /** Names of all that stands where the copies of main are kept. */
  residue(main: Target): Promise<readonly string[]>;
  /** Whether main can be read while its writers are held off. */
  readonly holdable: boolean;
}
