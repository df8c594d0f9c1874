// Without the types of Node nothing else declares `AsyncDisposable`.
/// <reference lib="esnext.disposable" preserve="true" />
import type { Evidence, MigrationFailure, StatementEvidence, Violation } from './evidence.ts';
import type { History, Journal } from './records.ts';
import type { Apply, Attempt, Stretch } from './source.ts';
import type { Target } from './target.ts';

export type Row = Readonly<Record<string, unknown>>;

/** The smallest thing that answers a query: a better-sqlite3 database, a pg client, the raw client of a Knex transaction. */
export interface Session {
  query(sql: string, params?: readonly unknown[]): Promise<readonly Row[]>;
}

export interface Connection extends Session, AsyncDisposable {
  /** The engine's own client, for users' code. */
  readonly client: unknown;
  /** Streams rows in constant memory. */
  rows(sql: string, params?: readonly unknown[]): AsyncIterable<Row>;
}

/** Object key (`table users`, `index idx_x`) to canonical definition text, sorted by key. */
export type Schema = ReadonlyMap<string, string>;

/** The columns of a table that are to be read. */
export interface TableColumns {
  readonly table: string;
  readonly columns: readonly string[];
}

/** What stands in some tables: row counts and digests that do not depend on the order of rows. */
export type Contents = ReadonlyMap<string, { readonly rows: number; readonly digest: string }>;

/** Watches one branch while migrations run on it, one after the other. */
export interface Observer extends AsyncDisposable {
  /** Call right before a migration. `text` is what it is written as; absent where that is not known. */
  begin(text?: string): Promise<void>;
  /**
   * Call once after that migration, if it went well. `statements` is what the attempt was told; absent where it ran
   * unseen. With `exact` a change and its undoing are no change, also where writes are counted; what cannot be told so is
   * in `needsComparison`, and notes are about rows alone.
   */
  finish(statements: readonly StatementEvidence[] | undefined, exact?: boolean): Promise<Evidence>;
}

/** Who holds the run lock. */
export interface LockHolder {
  readonly run: string;
  readonly host: string;
  readonly pid: number;
  readonly since: string;
}

export interface LockOptions {
  readonly holder: LockHolder;
  /** Gives up after this many milliseconds with `LOCKED`. */
  readonly waitMs: number;
  readonly signal: AbortSignal;
  /** Told once when somebody else holds it. */
  waiting(holder: LockHolder | undefined): void;
}

export type Waiting = (message: string) => void;

/** One database engine. All SQL of the project lives behind it. */
export interface Driver {
  readonly name: string;
  readonly transactionalDdl: boolean;
  /**
   * Set where programs and functions cannot reach the database, but only SQL that is run through this driver: why, and what
   * to do instead. `command` is what to type to have a program work on a database where it is.
   */
  readonly onlySql?: { readonly why: string; readonly next: string; command(target: Target): string };
  /** Reads an address in any form that the engine's users write; throws `BAD_TARGET`. */
  target(address: string): Target;
  /** Names the database itself, so that a copy of it answers differently. Holds no password. */
  identity(target: Target): Promise<string>;
  /** Folder for what is kept on this machine about main: run documents, locks, copies. */
  home(main: Target): string;
  /**
   * Throws `BAD_TARGET` with what is wrong where main is missing, unreadable, corrupt or no database, or is read-only
   * and is to be written, and `UNREACHABLE` where no server answers. `use` is `writing` by default. `waiting` is told once when another program has kept it from
   * being read for a second: for whom or what it waits, in words. `givingUp` ends the waiting, which then throws its reason.
   */
  examine(main: Target, use?: 'reading' | 'writing', waiting?: Waiting, givingUp?: AbortSignal): Promise<void>;
  /** `waiting` is told the same of every query on the connection, and `givingUp` ends such a wait. */
  open(target: Target, waiting?: Waiting, givingUp?: AbortSignal): Promise<Connection>;
  /**
   * Runs `body` inside one transaction on a new connection, with `afterBegin` first and `beforeCommit` last. Throws
   * `TRANSACTION_ESCAPED` where the body ended the transaction itself. With `attempt.alone` the body runs on the
   * connection without a transaction, and neither step is called.
   */
  transaction(target: Target, attempt: Attempt, body: (connection: Connection) => Promise<void>): Promise<void>;
  /** Loads what a rehearsal will need. Called while main is copied, so that nobody waits for it. */
  warmUp?(): Promise<void>;
  /** Statement by statement, in one transaction where the text allows it. `file` is for messages. */
  script(sql: string, file?: string): Apply;
  /**
   * The statements of a script, each with the comments right before it. May throw `STATEMENT_FAILED` for a text that is no
   * SQL, and may need that a connection was opened before.
   */
  statements(sql: string): readonly { readonly sql: string; readonly comment: string }[];
  /**
   * Whether an error says that a statement is none, whatever the database holds. Absent where `statements` throws for
   * such a text.
   */
  isNoStatement?(error: unknown): boolean;
  /** The engine's own code of an error, where it is the engine's. */
  codeOf(error: unknown): string | undefined;
  /**
   * What may be shown of an error that was thrown by the engine or by a migration: of the engine's own words nothing that
   * may be a value. More of them can be shown where the statement is known that failed.
   */
  wordsOf(error: unknown, statement?: { readonly connection: Connection; readonly sql: string }): string;
  /** Whether a migration failed because what it makes is there already. */
  saysExists?(failure: MigrationFailure): boolean;
  /** What to do about a failure that has to do with how this driver is set up. */
  remedyFor?(failure: MigrationFailure): string | undefined;
  schema(session: Session): Promise<Schema>;
  /**
   * The same driver, for which tables of these names are no part of a schema, a comparison or the evidence: a framework's
   * own record of what was applied. They are named without a schema.
   */
  leavingOut(tables: readonly string[]): Driver;
  /**
   * What exists in the database and `schema` has no text of, each kind with its number, in words. Absent where it leaves
   * nothing out.
   */
  notCompared?(session: Session): Promise<readonly string[]>;
  /** All tables that hold an application's rows, with the columns that have values of their own. */
  tables(session: Session): Promise<readonly TableColumns[]>;
  /** A table whose rows cannot all be seen is left out. */
  contents(connection: Connection, of: readonly TableColumns[]): Promise<Contents>;
  /** Rows of each table, by name. A table whose rows cannot all be seen is left out. */
  counts(session: Session, tables: readonly string[]): Promise<ReadonlyMap<string, number>>;
  history(session: Session): History;
  journal(session: Session): Journal;
  lock(main: Target, options: LockOptions): Promise<AsyncDisposable>;
  observe(branch: Target): Promise<Observer>;
  /** What differs in the rows of two databases, one taken as the state before and the other as the state after. */
  compare(before: Target, after: Target, told?: Told): Promise<Evidence>;
  /**
   * In what a branch is unlike main that makes times differ: each a clause with both states. Absent where a branch is
   * always worked on by the same program on the same machine.
   */
  unlikeMain?(main: Target, branch: Target): Promise<readonly string[]>;
  /** Looks at every page or block of a database, or of some tables. Empty where all is well. */
  damage(target: Target, tables?: readonly string[]): Promise<readonly Violation[]>;
  /**
   * A number that moves whenever somebody else commits to main, read through a handle that stays open; absent where
   * the engine has none.
   */
  watch?(main: Target): Promise<Watch>;
  /**
   * Closes the sessions that it keeps from one script to the next on a database, or on all: call it before that database
   * is copied by a provider that needs to be alone, before it is dropped, and at the end of a run. Absent where none are
   * kept.
   */
  rest?(target?: Target): Promise<void>;
  /** How another process, which is to work on a branch, is kept from opening main. Absent where nothing can keep it. */
  guard?(main: Target, branch: Target): Promise<Guard>;
  /** The same driver, whose sessions a server can tell by the run that they belong to. Absent where there is no server. */
  forRun?(run: string): Driver;
  /**
   * Variables that make the sessions of a program that works on main the run's, so that `endSessions` finds them. Absent
   * where there is no server.
   */
  programEnv?(run: string): Readonly<Record<string, string>>;
  /**
   * Ends every session of a run that is dead and waits until they are gone: a statement that runs on a server outlives its
   * client. Throws `LOCKED`, naming them, where that cannot be done.
   */
  endSessions?(main: Target, run: string): Promise<void>;
  /**
   * What became of a stretch that was begun alone and never said to be done; takes away what it left half made.
   * `unknown` where only a person can tell. Absent where every script shares one transaction with its history row.
   */
  settle?(main: Target, stretch: Stretch): Promise<'done' | 'not-done' | 'unknown'>;
  /** Whether a stretch has an exact inverse, as far as its text tells. */
  undoable?(stretch: Stretch): Promise<boolean>;
  /** Takes back a stretch that is on main by its exact inverse; false, having done nothing, where there is none. */
  undo?(main: Target, stretch: Stretch): Promise<boolean>;
}

/** What keeps a process from opening main, as far as that can be done within it. */
export interface Guard {
  /** Address of a `GuardModule`, to be called before anything opens a database. */
  readonly module: string;
  /** Can be written as JSON, and holds no password. */
  readonly what: unknown;
  /** Variables of this process's environment by which programs come to main, as they are to be there; undefined: absent. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface GuardModule {
  /** From now on, what opens main throws an error with this explanation. */
  guard(what: unknown, explanation: string): Guarding;
}

export interface Guarding {
  /** Whether something stays connected to the branch, after a moment for what is being closed. Absent where nothing connects. */
  staysOpen?(): Promise<boolean>;
}

/** What is known of how one database became the other. */
export interface Told {
  /** The statements that ran: which tables and columns they rename, and which columns they set. */
  readonly statements?: readonly StatementEvidence[];
  /** The tables whose rows are to be compared. @default all */
  readonly tables?: readonly string[];
}

/** Tells whether anybody else committed to a database. */
export interface Watch extends AsyncDisposable {
  moved(): Promise<boolean>;
  /**
   * Rows that were written between the last two questions, by table, as far as the engine has counted them. Absent where
   * it counts none.
   */
  written?(): ReadonlyMap<string, number>;
  /** Whether another process has the database open at this moment; undefined where that cannot be known. */
  shared(): Promise<boolean | undefined>;
}
