import type { ProcessIdentity } from '../process.ts';
import type { Stretch } from './source.ts';

/** One row of `_schema_history`. */
export interface HistoryRow {
  readonly version: string;
  readonly name: string;
  /** RFC 3339, UTC, ending in `Z`. */
  readonly appliedOn: string;
  readonly checksum: string;
}

/** The rows of `_schema_history`, and beside them the texts that were applied. Reading never creates a table. */
export interface History {
  rows(): Promise<readonly HistoryRow[]>;
  /** The row of that name. */
  row(name: string): Promise<HistoryRow | undefined>;
  /** Adds the row and keeps the text; replaces the row of that name. Creates the tables where they are absent. */
  record(row: HistoryRow, text: string): Promise<void>;
  remove(name: string): Promise<void>;
  /** The text with that checksum as it was applied, where it was kept. */
  text(checksum: string): Promise<string | undefined>;
}

/** The row of `_forerun_journal` about one database: who works on it, and how far. */
export interface JournalEntry {
  readonly run: string;
  readonly epoch: number;
  readonly host: string;
  readonly pid: number;
  /** `journalled`: a migration is in the middle, which shares no transaction with its history row. */
  readonly phase: 'started' | 'promoting' | 'journalled' | 'swapped' | 'finished';
  /** The migration at hand. */
  readonly migration?: string;
  /** Its checksum, where it is journalled. */
  readonly checksum?: string;
  /** Set where it is journalled on its way back. */
  readonly direction?: 'down';
  /** The stretch of it that was begun last, and whether it is on main, where it is journalled stretch by stretch. */
  readonly stretch?: Stretch & { readonly done: boolean };
  /** Set where it ran to its end, and main's schema did not become what the branch's became: a person is to look at it. */
  readonly differs?: true;
  /** The programs that it was started as on main, where it is one; each leads a process group. */
  readonly children?: readonly ProcessIdentity[];
  /** Names that a rollback took back: a framework's own record may still hold them, and they are not to be adopted. */
  readonly takenBack?: readonly string[];
  /** Id of the last checkpoint that belongs to the run. */
  readonly checkpoint?: string;
  /** The runs before it that checkpoints are kept of, oldest first: a clock that was put back cannot tell. */
  readonly earlier?: readonly string[];
  readonly at: string;
}

/** Reading never creates a table; `database` is `Driver.identity`'s answer, so a copied row is not taken for ours. */
export interface Journal {
  read(database: string): Promise<JournalEntry | undefined>;
  write(database: string, entry: JournalEntry): Promise<void>;
}
