import type { Guard, Row } from '../../src/seams/driver.ts';
import type { StatementEvidence } from '../../src/seams/evidence.ts';
import type { Attempt, Direction } from '../../src/seams/source.ts';
import type { Target } from '../../src/seams/target.ts';

/** What a child process is started with, as JSON in its first argument. */
export interface Order {
  /** Address of a `FinderModule`. */
  readonly finder: string;
  /** What it is to find; can be written as JSON. */
  readonly what: unknown;
  /** What keeps main from being opened, where there is something. */
  readonly guard?: Pick<Guard, 'module' | 'what'>;
  /** Where the child finds the branch's address; for messages. */
  readonly databaseVariable: string;
  /** The program's own arguments, its name first. */
  readonly args: readonly string[];
}

/** Applies one migration to a target in this process. */
export type ApplyHere = (target: Target, attempt: Attempt, name: string, direction: Direction) => Promise<void>;

/** How migrations are applied in the child, and what there is to say about finding that out. */
export interface Found {
  readonly apply: ApplyHere;
  readonly note?: string;
}

export interface FinderModule {
  findApply(what: unknown): Promise<Found>;
}

/** What the process that runs the migrations is asked. */
export interface ChildMethods {
  /** Answers whether anything stays connected to the branch, such as a pool that nobody ends. */
  apply(target: Target, name: string, direction: Direction, alone: boolean): Promise<{ readonly open: boolean }>;
  /** Asks the connection that the migration runs on, during `afterBegin` and `beforeCommit`. */
  query(sql: string, params: readonly unknown[]): Promise<readonly Row[]>;
}

/** What the process that judges them is asked. */
export interface ParentMethods {
  afterBegin(): Promise<void>;
  beforeCommit(): Promise<void>;
  statement(evidence: StatementEvidence): Promise<void>;
  note(message: string): Promise<void>;
}
