import type { ForerunError } from '../../error.ts';
import type { Branch } from '../../seams/provider.ts';
import type { Target } from '../../seams/target.ts';
import type { Living } from '../postgres/list.ts';
import type { VersRecord } from './records.ts';

/**
 * The database in a VM, and the records of copies that are kept beside it: what differs between a server, which is
 * reached through a tunnel, and a file, which is reached by commands. Records are kept in the main VM, where every
 * deployer reads them.
 */
export interface Inside {
  /** Main, as records and messages call it. */
  nameOf(main: Target): string;
  records(main: Target): Promise<readonly VersRecord[]>;
  save(main: Target, record: VersRecord): Promise<void>;
  forget(main: Target, id: string): Promise<void>;
  /** Tells every deployer that the process which is to finish or to throw away a copy still lives, until it does not. */
  hold(main: Target, id: string): Promise<void>;
  release(id: string): Promise<void>;
  living(main: Target): Promise<Living>;
  /** Throws where it cannot be copied. */
  bytesOf(target: Target): Promise<number>;
  targetOf(record: VersRecord, main: Target): Target;
  /** What it takes to reach the database in the VM of a branch; answers the record with it. */
  reach(record: MadeRecord): Promise<MadeRecord>;
  /** Gives that up, before the VM goes. Safe to repeat. */
  leave(vm: string): Promise<void>;
  /** The first acts on a VM that was made; answers in words what was found there. */
  arrive(target: Target, record: MadeRecord): Promise<readonly string[]>;
  /** The state of main at this moment. */
  versionOf(main: Target): Promise<Version>;
  whilePaused<T>(vm: string, target: Target, act: () => Promise<T>): Promise<Stood<T>>;
  /** Whether main's VM was paused, and had to be resumed. */
  awake(vm: string, main: Target): Promise<boolean>;
  /** Absent where main stays in the VM that it is in, so that the configuration is believed. */
  readonly succession?: Succession;
}

/** How main comes to be in one VM after another: each says which one is main, where every deployer reads it. */
export interface Succession {
  /** Throws where the configuration names another VM than the one that main is in. */
  ensureMain(vm: string, main: Target): Promise<void>;
  /** The same as an answer; undefined also where nobody can tell. */
  superseded(vm: string, main: Target): Promise<ForerunError | undefined>;
  /** Goes on where a process died while it made another VM main, and answers in words what became of it; ensures main. */
  resume(vm: string, main: Target): Promise<string | undefined>;
  /** Main becomes the VM of `record`, if it was not written since `version`; else `STALE_BRANCH` and main is as it was. */
  promote(main: Target, branch: Branch, record: MadeRecord, version: Version): Promise<void>;
}

export type MadeRecord = VersRecord & { readonly made: string };

export interface Version {
  moved(): Promise<boolean>;
  close(): Promise<void>;
}

export interface Stood<T> {
  readonly result: T;
  /** For how long nothing in the VM answered, in words. */
  readonly still: string;
  readonly resumed: boolean;
}
