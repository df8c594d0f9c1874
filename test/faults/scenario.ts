import type { Setup } from '../../src/setup.ts';
import type { AtStep } from '../support/fault.ts';

/** One way in which migrations reach main. */
export interface Scenario {
  readonly name: string;
  /** The files of its migrations; none for code. */
  readonly files: Readonly<Record<string, string>>;
  /** Whether a run is the same as in another scenario until the first migration is run. */
  readonly likeOthers?: boolean;
  /** Whether all of its migrations reach main in one step. */
  readonly swapped?: boolean;
  /** Present where its only migration shares no transaction with its history row. */
  readonly journalled?: Journalled;
  /** A deployer's setup, made anew for each. Code announces steps of its own. */
  setup(place: Place, atStep?: AtStep): Promise<Setup>;
}

/** Which part of a migration it knows of (`2 begun`), or only that one has (`begun`); empty: of none. */
export type InJournal = '' | `${string}${'begun' | 'done'}`;

/** The states between before and after, of which the journal must say where a run has left off. */
export interface Journalled {
  /** What it may say while main is still as before. */
  readonly begun: readonly InJournal[];
  /** What makes one state of the other, and what the journal may say in it. */
  readonly parts: readonly { readonly sql: string; readonly journal: readonly InJournal[] }[];
  /** Where it says that, only a person can tell what is on main. */
  readonly untold?: readonly InJournal[];
}

/** A project of a scenario's and its main. */
export interface Place {
  readonly root: string;
  /** Address of main. */
  readonly database: string;
}
