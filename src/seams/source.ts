import type { StatementEvidence } from './evidence.ts';
import type { Connection, Session } from './driver.ts';
import type { History } from './records.ts';
import type { ProcessIdentity } from '../process.ts';
import type { Target } from './target.ts';

/** Lists every migration of one framework, old and new, in order. */
export interface Source {
  /** The adapter's name, as it stands in reports: `sql`, `umzug`, … */
  readonly name: string;
  /**
   * Tables, named without a schema, in which the framework keeps its own record: no part of a schema, a comparison or the
   * evidence. @default none
   */
  readonly tables?: readonly string[];
  /**
   * Where the history is kept, for a framework whose own record it is. @default the driver's: `_schema_history` in our
   * form
   */
  history?(session: Session): History;
  /** What a person should know of main besides: said by `status`, and at the start of every run. @default nothing */
  notes?(main: Target): Promise<readonly string[]>;
  /** Read anew at every call, so that a file changed since the last call is seen. */
  migrations(): Promise<readonly Migration[]>;
  /**
   * What the framework's own record says was applied; absent where `_schema_history` is the only record. Whatever stands
   * there and not in the history is adopted into the history, unless it disagrees with the file: then it is drift. May
   * throw what stops every run, where the record says that a person is needed. `session` is one on main that is at hand.
   */
  recorded?(main: Target, session?: Session): Promise<readonly (string | Recorded)[]>;
  /**
   * Called at the start of whatever will change main, before anything of Forerun's own is made there. Throws `LOCKED` where
   * the framework itself is at work there.
   */
  ready?(main: Target): Promise<void>;
  /**
   * Of the names applied those that the record has no more: the framework's own command took them back, and their history
   * rows are removed. Only for a record that is written in the history's own transaction: nothing else can part the two.
   */
  reverted?(main: Target, applied: readonly string[], session?: Session): Promise<readonly string[]>;
  /**
   * Brings the framework's own record in line with the history: after a baseline, and, for records that cannot share a
   * transaction with it, at the start of every run. Safe to repeat.
   */
  reconcile?(main: Target, applied: readonly string[]): Promise<void>;
  /**
   * Called right before a migration (or the batch it belongs to) is promoted on main: `swapped` where main becomes a
   * branch on which it ran. A throw stops the promotion.
   */
  promoting?(migration: Migration, direction: Direction, swapped: boolean): Promise<void>;
  /** Called once after a migration is on main for good. */
  promoted?(migration: Migration, direction: Direction): Promise<void>;
}

export type Direction = 'up' | 'down';

/**
 * A migration that a framework's own record holds, and that must have its file: one without is drift. A name alone may be
 * without.
 */
export interface Recorded {
  readonly name: string;
  /**
   * Of what was applied: the file's, as `Migration.checksum` is, where the framework takes the two for the same.
   * @default that of the file as it is
   */
  readonly checksum?: string;
  /** RFC 3339, UTC, ending in `Z`. @default now */
  readonly appliedOn?: string;
}

export interface Migration {
  /** Sorts as the source sorts; shown to people. */
  readonly version: string;
  /** Set where it may be applied after others that it sorts before. */
  readonly unordered?: true;
  /** Unique in the source, and the key of the history. */
  readonly name: string;
  readonly checksum: Checksum;
  /** Text of the up file; kept beside the history, to show what changed since it was applied. */
  readonly text: string;
  /** The up file, absolute; absent for functions without a file. */
  readonly file?: string;
  /** `sql`: all that it does to the database is in `text`. `code`: it can do anything. */
  readonly language: 'sql' | 'code';
  /**
   * Set where nobody knows before it has run whether it has anything to do, because it goes on from wherever the database
   * is, as a migration tool does: it is pending always. One that has changed nothing in its rehearsal is not promoted,
   * and one in whose middle a run ended is run again.
   */
  readonly continues?: true;
  /** Called before anything is copied. Throws where it cannot be applied, or not that way, whatever the database holds. */
  prepare?(direction: Direction): Promise<void>;
  readonly up: Apply;
  readonly down?: Apply;
  /** The down file, where it has one of its own. */
  readonly downFile?: string;
}

/** `sha256:<hex>`; the bytes that are hashed are defined in `checksum.ts`. */
export type Checksum = `${string}:${string}`;

/**
 * Runs against main or a branch alike. Where it has a transaction of its own, it calls `afterBegin` as the first
 * and `beforeCommit` as the last step inside it; where it cannot, it calls neither, and the runner knows.
 */
export type Apply = (target: Target, attempt: Attempt) => Promise<void>;

/** One try to apply one migration to one database. */
export interface Attempt {
  /** Called with the connection that it will run on, before the transaction begins. Absent where nothing is to be set. */
  prepare?(connection: Connection): Promise<void>;
  /** First step inside the migration's transaction. A throw must roll the transaction back. */
  afterBegin(session: Session): Promise<void>;
  /** Last step inside the migration's transaction. A throw must roll the transaction back. */
  beforeCommit(session: Session): Promise<void>;
  /** Told after each statement, where the migration is run statement by statement. Absent where nobody asks. */
  statement?(evidence: StatementEvidence): void;
  /** Whether the migration must run outside a transaction of ours, because it was seen to end it. */
  readonly alone: boolean;
  /**
   * Set where a driver may roll all of it back and begin anew, from `afterBegin` to `beforeCommit`, rather than be in
   * other programs' way: nothing that is done there has an effect outside of the transaction.
   */
  readonly repeatable?: true;
  /** Names the run that it belongs to, for servers on which sessions are found by it when the run has died. */
  readonly run?: string;
  /** Set where the attempt is a rehearsal on a branch: the main that it must not reach by what it shares with it. */
  readonly main?: Target;
  /** Awaited before a program begins to work on main: what it names is ended, with its group, if this run dies. */
  child?(process: ProcessIdentity): Promise<void>;
  /** Present where the migration runs on main in stretches that are journalled one by one. */
  readonly stretches?: Stretches;
  /** Told once when the attempt has waited for another program for a second: for whom or what, in words. */
  waiting?(message: string): void;
  /** Told of anything a person should know: transaction control that was left out, a slower way taken. */
  note(message: string): void;
  readonly signal: AbortSignal;
}

/** A part of a script that is committed on its own: statements in one transaction, or one that must stand alone. */
export interface Stretch {
  /** 1-based position in the script. */
  readonly index: number;
  /** How many stretches the script has. */
  readonly of: number;
  /** Whether it is one statement that runs in no transaction. */
  readonly alone: boolean;
  /** Its text, and the line that it begins at. */
  readonly sql: string;
  readonly line: number;
}

export interface Stretches {
  /** The first stretch that is to be run: those before it are on main already. */
  readonly from: number;
  /** Awaited right before a stretch. */
  beginning(stretch: Stretch): Promise<void>;
  /** Awaited as the last step of a stretch: inside its transaction where it has one, else right after it. */
  done(stretch: Stretch, session: Session): Promise<void>;
}
