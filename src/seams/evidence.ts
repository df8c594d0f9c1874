/**
 * Facts gathered about one migration on a branch. What a driver cannot measure is absent, never zero.
 * This is a stored format: it stands in the `--json` document and in the run documents.
 */
export interface Evidence {
  readonly error?: MigrationFailure;
  /** How long the migration itself took on the branch, in milliseconds. */
  readonly ms?: number;
  readonly statements?: readonly StatementEvidence[];
  /** Where nobody tells of statements, because functions or other programs ran them: those that were seen, longest first. */
  readonly queries?: readonly QueryEvidence[];
  readonly locks?: readonly LockEvidence[];
  readonly waits?: readonly WaitEvidence[];
  readonly rewrites?: readonly string[];
  readonly walBytes?: number;
  readonly tables?: readonly TableEvidence[];
  readonly indexes?: readonly IndexEvidence[];
  readonly integrity?: readonly Violation[];
  /** Parts of tables that were made anew without them, and that no statement takes away by name. */
  readonly lost?: readonly LostObject[];
  /** What was left without all of its rows, or without a check of all rows, and was not so before. */
  readonly unfinished?: readonly UnfinishedObject[];
  /**
   * Tables of which only a comparison with the state before tells what became of their rows (`Driver.compare`), each
   * with the reason in words. Without a table it is about all of them. What `tables` says of them is not exact.
   */
  readonly needsComparison?: readonly { readonly table?: string; readonly why: string }[];
  /** Tables that may have lost rows or values, and whose rows cannot all be seen, with the reason in words. */
  readonly rowsUnseen?: readonly { readonly table: string; readonly why: string }[];
  readonly schema?: SchemaEvidence;
  readonly down?: DownEvidence;
  readonly checks?: readonly CheckEvidence[];
  readonly metrics?: Readonly<Record<string, number>>;
  /** Things that a person should know and no gate judges: a slower way taken, a table not compared. */
  readonly notes?: readonly string[];
}

/** Why a migration did not apply. Never holds a value read from the database. */
export interface MigrationFailure {
  readonly message: string;
  /** The database's own code, e.g. `SQLITE_CONSTRAINT_UNIQUE` or `42P01`. */
  readonly code?: string;
  readonly where?: Where;
  /** What to do about it, where that is known. */
  readonly next?: string;
}

/** A place that a person can open. */
export interface Where {
  readonly file?: string;
  /** 1-based. */
  readonly line?: number;
  /** 1-based position of the statement in its script. */
  readonly statement?: number;
  /** The statement's text. */
  readonly sql?: string;
  readonly table?: string;
}

export interface StatementEvidence {
  readonly sql: string;
  /** 1-based line in the script. */
  readonly line: number;
  readonly ms: number;
  /** Rows changed, where the engine counts them. */
  readonly rows?: number;
  /** Tables that the engine's own plan says the statement can write, cascades and triggers included. Absent where unknown. */
  readonly writes?: readonly string[];
  /** Tables that it may take rows from, cascades and triggers included. Absent where unknown. */
  readonly removes?: readonly string[];
  /** Columns whose values the statement's text sets, as `table.column`. */
  readonly assigns?: readonly string[];
  /**
   * Columns whose values are set by triggers and actions of foreign keys that the statement may set off, as
   * `table.column`; `table.*` stands for all. Absent where there are none.
   */
  readonly triggered?: readonly string[];
  /** What the statement runs, or sets off, and cannot be read, in words: which columns that sets is not known. */
  readonly unseen?: readonly string[];
}

/** What was seen from beside of a query that ran on the branch; one that was over at once was not seen. */
export interface QueryEvidence {
  /** Without values: `$1` for each. */
  readonly sql: string;
  /** How often, and for how long in all. */
  readonly times: number;
  readonly ms: number;
  readonly longestMs: number;
}

export interface LockEvidence {
  readonly relation: string;
  readonly mode: string;
  readonly heldMs: number;
  /** 1-based position of the statement that took it; 0 where it is none of those that are told. */
  readonly statement: number;
  /** Of such a one: the query that took it, without values, where it was seen. */
  readonly query?: string;
}

/** The longest that a read and a write of a table would have waited, in milliseconds. */
export interface WaitEvidence {
  readonly table: string;
  readonly readMs: number;
  readonly writeMs: number;
}

/** What happened to the rows of one table that existed before the migration, after it, or both. */
export interface TableEvidence {
  readonly table: string;
  /** Set where the table existed under another name before. */
  readonly renamedFrom?: string;
  /** Absent where the table did not exist before. */
  readonly rowsBefore?: number;
  /** Absent where the table does not exist any more. */
  readonly rowsAfter?: number;
  readonly bytesBefore?: number;
  readonly bytesAfter?: number;
  /** Rows that were deleted or overwritten and still take place, where the engine keeps such rows and counts them. */
  readonly deadRowsBefore?: number;
  readonly deadRowsAfter?: number;
  /**
   * Set where one row in so many was compared, because the table is large: what is said of rows and values that differ
   * was found among those, and more may differ. `rowsBefore` and `rowsAfter` are of all rows.
   */
  readonly comparedOneIn?: number;
  /** Whether any row was added, removed or given another value, in the columns that exist before and after. */
  readonly changed: boolean;
  /** Rows that existed before and are gone, by primary key, else by row identity, else by value. */
  readonly rowsGone?: number;
  /** Rows that were not there before. */
  readonly rowsAdded?: number;
  /**
   * Set where rows have no identity in both states: a row that was given another value counts as one gone and one
   * added, save in columns that the statements set. `count`: all columns are set, so that only the counts tell.
   */
  readonly rowsToldBy?: 'value' | 'count';
  /** For each column that exists before and after: in how many surviving rows the value differs. Zeros are left out. */
  readonly valuesChanged?: Readonly<Record<string, number>>;
  /** Columns that are gone, with how many rows had a value (not null) in them. */
  readonly columnsDropped?: Readonly<Record<string, number>>;
}

/** What a table had and has no more. */
export interface LostObject {
  /** The table's name after the migration. */
  readonly table: string;
  /** The object's name; for a part of the table's own definition, its columns or its text. */
  readonly object: string;
  readonly what: 'index' | 'trigger' | 'primary key' | 'foreign key' | 'unique constraint' | 'check' | 'option';
}

/** An index or a constraint that exists and cannot be relied upon. */
export interface UnfinishedObject {
  readonly table: string;
  readonly object: string;
  readonly what: 'INVALID index' | 'NOT VALID constraint';
}

export interface IndexEvidence {
  readonly index: string;
  readonly bytesBefore?: number;
  readonly bytesAfter?: number;
  /** The share of its room that holds nothing, after the migration, and before it. */
  readonly bloat?: number;
  readonly bloatBefore?: number;
}

/** A broken rule of the database that was not broken before the migration. */
export interface Violation {
  readonly kind: 'foreign-key' | 'corruption' | 'constraint';
  readonly table?: string;
  readonly references?: string;
  readonly rows?: number;
  readonly message: string;
}

export interface SchemaEvidence {
  /** Fingerprints. */
  readonly before: string;
  readonly after: string;
  readonly diff: readonly SchemaChange[];
}

export interface SchemaChange {
  readonly object: string;
  readonly change: 'added' | 'removed' | 'changed';
}

export interface DownEvidence {
  readonly restoresSchema: boolean;
  readonly restoresData: boolean;
  /** Why the down, or the up after it, failed. */
  readonly fails?: string;
  /** Where it failed, in the file of the down or of the up. */
  readonly where?: Where;
  /** What differs from the state before the up. */
  readonly differences?: readonly string[];
}

export interface CheckEvidence {
  readonly name: string;
  readonly when: 'before' | 'after';
  readonly ok: boolean;
  readonly ms: number;
  /** Tail of what the check printed, or the rows it found; at most 4,000 characters. */
  readonly output: string;
}
