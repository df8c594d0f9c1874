import type { Driver, LockHolder, Schema } from '../../../src/seams/driver.ts';
import type { StatementEvidence } from '../../../src/seams/evidence.ts';
import type { Attempt } from '../../../src/seams/source.ts';
import type { Target } from '../../../src/seams/target.ts';

/** One world: made before each test and disposed of after it. */
export interface DriverWorld extends AsyncDisposable {
  readonly driver: Driver;
  readonly dialect: Dialect;
  /** A new database without any table. */
  makeDatabase(): Promise<TestDatabase>;
  /** A copy of a database that nobody is connected to, as a provider would make one. */
  copyOf(target: Target): Promise<Target>;
  /** Addresses of what cannot be main, by what is wrong with each. */
  unusable(): Promise<Readonly<Record<string, Target>>>;
  /** A database whose tables can be listed and not all read; absent where a test cannot make one. */
  damaged?(): Promise<Target>;
  /** Another application; in another process where the engine locks nothing within one. */
  application(target: Target): Promise<Application>;
  /** A deployer in another process that takes the run lock and holds it. */
  deployer(main: Target, holder: LockHolder): Promise<Deployer>;
}

/** A database to which a test writes directly, without the driver. */
export interface TestDatabase {
  readonly target: Target;
  /** Any number of statements. */
  run(sql: string): Promise<void>;
  rows(sql: string): Promise<readonly (readonly unknown[])[]>;
}

export interface Application {
  run(sql: string): Promise<void>;
  end(): Promise<void>;
}

export interface Deployer {
  release(): Promise<void>;
  kill(): Promise<void>;
}

/** What engines say differently. All else in the contract is SQL that every engine reads. */
export interface Dialect {
  /** A table's name as the driver shows it. */
  shown(table: string): string;
  /** Ways to write the address of one database, and for each the form that its `variable` has. */
  addresses(target: Target): Readonly<Record<string, RegExp>>;
  /** An address of another engine, with the password `secret`. */
  readonly foreignAddress: string;
  /** A statement that the engine refuses inside a transaction. */
  readonly standalone: string;
  /** A type that numbers rows by itself, as a primary key. */
  readonly counter: string;
  /** A type, and literals of it that all differ. */
  readonly anyType: string;
  readonly differentValues: readonly string[];
  /** Begins a transaction; no other writer of `notes` gets past it once it has written there. */
  readonly beginWriting: string;
  /** The engine's code for a value that stands in a unique column already. */
  readonly uniqueCode: string;
  /** What the engine says of values that an UPDATE changed, where it is told the statement. */
  readonly updatesTold: 'exactly' | 'at most';
  /** Inserts this many rows into `notes (id, body)`, ids from 1. */
  fill(rows: number): string;
}

/** An attempt that keeps what it is told. */
export interface Recorded extends Attempt {
  readonly steps: string[];
  readonly statements: StatementEvidence[];
  readonly notes: string[];
  readonly controller: AbortController;
}

export function recorded(own: Partial<Attempt> = {}): Recorded {
  const steps: string[] = [];
  const statements: StatementEvidence[] = [];
  const notes: string[] = [];
  const controller = new AbortController();
  return {
    steps,
    statements,
    notes,
    controller,
    alone: own.alone ?? false,
    ...(own.repeatable === undefined ? {} : { repeatable: own.repeatable }),
    signal: controller.signal,
    async afterBegin(session) {
      steps.push('afterBegin');
      await own.afterBegin?.(session);
    },
    async beforeCommit(session) {
      steps.push('beforeCommit');
      await own.beforeCommit?.(session);
    },
    statement(evidence) {
      steps.push('statement');
      statements.push(evidence);
      own.statement?.(evidence);
    },
    ...(own.run === undefined ? {} : { run: own.run }),
    ...(own.waiting === undefined ? {} : { waiting: own.waiting }),
    ...(own.stretches === undefined ? {} : { stretches: own.stretches }),
    note: (message) => notes.push(message),
  };
}

/** Tables, indexes and views, without the schema that some engines have them in: `table notes`. */
export function objectsIn(schema: Schema): string[] {
  return [...schema.keys()]
    .filter((key) => /^(?:table|index|view) /.test(key))
    .map((key) => key.replace(/ public\./, ' '));
}

/** What a promise was rejected with. */
export async function failure(
  promise: Promise<unknown>,
): Promise<Error & { code?: string; details?: unknown; next?: string }> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Error) return error;
    throw new Error('rejected with what is no Error', { cause: error });
  }
  throw new Error('it did not fail');
}

export const holder: LockHolder = { run: 'run-1', host: 'here', pid: process.pid, since: '2026-11-20T10:00:00.000Z' };
