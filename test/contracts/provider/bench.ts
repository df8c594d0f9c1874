import type { Copy, Provider } from '../../../src/seams/provider.ts';
import type { Target } from '../../../src/seams/target.ts';

export type Rows = readonly (readonly unknown[])[];

/** A database, used from this process. */
export interface Opened {
  readonly target: Target;
  write(sql: string): Promise<void>;
  read(sql: string): Promise<Rows>;
  close(): Promise<void>;
}

/** An application on a database, in another process: within one process some engines lock nothing. */
export interface Rival {
  /** What a provider calls it that cannot copy because of it. */
  readonly name: string;
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

/**
 * Something that is cut short. `promote` takes a checkpoint of main and branches it, adds the row `promoted` to the
 * branch and promotes it. The steps that count are those of the last deed.
 */
export type Death = {
  readonly label: string;
  readonly run?: string;
  /** 1-based; absent for one that lives until it is done. */
  readonly step?: number;
} & (
  | { readonly kind: 'checkpoint' | 'promote' }
  | { readonly kind: 'branch' | 'snapshot' | 'restore'; readonly of: Copy }
);

/** Where engines want other words for the same. */
export interface Dialect {
  /** Definition of a column that numbers rows by itself. */
  readonly numbered: string;
  /** Opens a transaction that is about to write. */
  readonly beginWriting: string;
}

/** Made in each test and disposed of after it. */
export interface ProviderBench extends AsyncDisposable {
  readonly provider: Provider;
  readonly dialect: Dialect;
  /** A new database without any table. */
  makeMain(): Promise<Opened>;
  open(target: Target): Promise<Opened>;
  rival(target: Target): Promise<Rival>;
  /**
   * Does something in a process of its own that is killed at a step, and answers once whatever that process had others
   * do has come to an end. False where it had finished before.
   */
  workAndDie(main: Target, death: Death): Promise<boolean>;
  /** Names of all that stands or runs because of copies of main. */
  residue(main: Target): Promise<readonly string[]>;
  /** Whether main can be read while its writers are held off. */
  readonly holdable: boolean;
  /** Whether copies are made page by page in our own process, so that of a larger main there are more steps to be killed at. */
  readonly paged: boolean;
}
