// Without the types of Node nothing else declares `AsyncDisposable`.
/// <reference lib="esnext.disposable" preserve="true" />
import type { ForerunError } from '../error.ts';
import type { Driver } from './driver.ts';
import type { Target } from './target.ts';

/** A copy of main or of another copy. */
export interface Copy {
  readonly kind: 'checkpoint' | 'branch';
  /** Unique, short, printable; what people type. */
  readonly id: string;
  /** What it is for: a migration's name, or what a person called it. Unique among branches that live. */
  readonly label: string;
  readonly target: Target;
  /** Whether nothing answers at that address: what stands there is read from a branch of it. @default false */
  readonly dormant?: boolean;
  /** Id of the copy it was made from; absent where it was made from main. */
  readonly parent?: string;
  /** The run it belongs to; absent where a person made it. */
  readonly run?: string;
  /** RFC 3339, UTC. */
  readonly createdAt: string;
  readonly host: string;
  readonly bytes: number;
  /** How it was made: `reflink`, `backup`, … */
  readonly way: string;
  readonly ms: number;
}

/** A named, immutable state of main that can be returned to. Disposing closes what compare-and-swap holds open. */
export interface Checkpoint extends Copy, AsyncDisposable {
  readonly kind: 'checkpoint';
}

/** A writable, isolated database. */
export interface Branch extends Copy {
  readonly kind: 'branch';
}

export interface Making {
  readonly label: string;
  /** The run that will throw it away; without it, it lives until a person discards it. */
  readonly run?: string;
  readonly signal?: AbortSignal;
  /** Told once when it has waited for another program for a second: for whom or what, in words. */
  waiting?(message: string): void;
  /** Told what else is worth knowing about the copy: what was found in it, what making it cost others. */
  note?(message: string): void;
}

/** How main becomes a copy: who is told what, and what ends the waiting for main. */
export type Replacing = Pick<Making, 'signal' | 'waiting' | 'note'>;

/** Makes and unmakes copies. Knows nothing of migrations. */
export interface Provider {
  readonly name: string;
  /**
   * The driver for main's address, where a database is reached only in the way in which its copies are. Asked where
   * neither the configuration nor the adapter names one. `root` is the folder of the configuration.
   * @default the driver that knows the address
   */
  driver?(address: string, root: string): Promise<Driver | undefined>;
  /** Where what it keeps can be reached from. */
  readonly reach: 'this machine' | 'anywhere';
  /** What nobody, we included, may be connected to while it is copied: its own copies, or main too. @default nothing */
  readonly alone?: 'copies' | 'everything';
  checkpoint(main: Target, making: Making): Promise<Checkpoint>;
  branch(from: Checkpoint | Branch, making: Making): Promise<Branch>;
  /** An immutable state of a branch, for the history between two migrations that are swapped in together. */
  snapshot(branch: Branch, making: Making): Promise<Checkpoint>;
  /** Whether main was written by anybody since the checkpoint was taken. Only for a checkpoint of this process. */
  moved(since: Checkpoint): Promise<boolean>;
  /**
   * Swap: main becomes the branch in one atomic step, only if main has not moved `since`; else `STALE_BRANCH` and
   * main is as it was. Absent where impossible. `note` is told what people have to do about it; the signal ends the
   * waiting for main.
   */
  promote?(branch: Branch, since: Checkpoint, how?: Replacing): Promise<void>;
  /**
   * Swap for a main that is never quiet: holds writers off (readers go on), makes `branch` anew from main, has
   * `rehearse` bring it forward, and promotes it. Throws `STALE_BRANCH` where main cannot be held.
   */
  promoteHeld?(branch: Branch, main: Target, rehearse: () => Promise<void>): Promise<void>;
  /**
   * Makes main what the checkpoint holds. Safe to repeat. Absent where main cannot be put back in place: then a branch of
   * the checkpoint is all that a rollback can make, and main stays as it is.
   */
  restore?(checkpoint: Copy, main: Target, how?: Replacing): Promise<void>;
  /**
   * Has main answer again, where a process of ours died while main was held still for a copy, and says so. The first thing
   * of every run. Absent where copying never makes main silent.
   */
  awaken?(main: Target): Promise<string | undefined>;
  /**
   * The refusal, where another database has taken over from the one that main's address leads to: which one, and what to do.
   * Asked where main cannot be opened. Absent where main stays where it is.
   */
  superseded?(main: Target): Promise<ForerunError | undefined>;
  /** Safe to repeat. */
  discard(what: Copy): Promise<void>;
  /** Every copy of this main that lives, leftovers of a killed process included, oldest first. */
  list(main: Target): Promise<readonly ListedCopy[]>;
  /** In words, what it would do with this main, why, and about how long that takes. Absent where it has no choice. */
  explain?(main: Target): Promise<string>;
  /** What a checkpoint of main would cost, without making it. Throws where a right or a program is missing for it. */
  estimate(main: Target): Promise<{ readonly way: string; readonly bytes: number; readonly freeBytes?: number }>;
}

export interface ListedCopy extends Copy {
  /** False where making it was cut short, or where the process that was to throw it away is dead. */
  readonly state: 'ready' | 'leftover';
}
