import { isForerunError } from '../error.ts';
import type { Run } from '../run-log.ts';
import type { Observer, Schema, Session } from '../seams/driver.ts';
import type { Evidence, MigrationFailure, StatementEvidence } from '../seams/evidence.ts';
import type { Branch } from '../seams/provider.ts';
import type { Attempt, Direction, Migration } from '../seams/source.ts';
import { failureOf } from './failure.ts';

/** How one migration went. */
export interface Applied {
  readonly shared: boolean;
  readonly error?: MigrationFailure;
  readonly evidence: Evidence;
  /** The schema that it left, where it cannot have changed after it was last read. */
  readonly schema?: Schema;
}

/** Thrown when a rehearsal must begin again, because of what was learnt about a migration. */
export class Restart extends Error {
  readonly migration: string;
  /**
   * `escaped`: it ended our transaction. `unshared`: it ran in none of ours, so the whole batch will be swapped.
   * `uncompared`: what became of rows can be told only by the state before it, which is to be kept.
   */
  readonly why: 'escaped' | 'unshared' | 'uncompared';
  constructor(migration: string, why: Restart['why']) {
    super(`${migration} is ${why}`);
    this.migration = migration;
    this.why = why;
  }
}

/** A branch that the driver watches. */
export interface Observed {
  readonly branch: Branch;
  readonly observer: Observer;
}

export interface ApplyOptions {
  readonly direction: Direction;
  readonly alone: ReadonlySet<string>;
}

/** Applies one migration to a branch while the driver watches, with the same last steps that main will see. */
export async function applyObserved(
  run: Run,
  { branch, observer }: Observed,
  migration: Migration,
  options: ApplyOptions,
): Promise<Applied> {
  await observer.begin(migration.text);
  const start = performance.now();
  const told = newAttempt(run, migration, options.direction, options.alone.has(migration.name));
  try {
    await applierFrom(run, migration, options.direction)(branch.target, told.attempt);
  } catch (error) {
    run.signal.throwIfAborted();
    if (isEnvironment(error)) throw error;
    if (isForerunError(error, 'TRANSACTION_ESCAPED')) throw new Restart(migration.name, 'escaped');
    const integrity = isForerunError(error, 'INTEGRITY') ? error.details.violations : [];
    const failed = integrity.length > 0 ? {} : { error: failureOf(run, migration, error) };
    return {
      shared: told.shared(),
      ...failed,
      evidence: { ...told.evidence(), ...(integrity.length > 0 ? { integrity } : {}) },
    };
  }
  const ms = performance.now() - start;
  const observed = await observer.finish(migration.language === 'sql' ? told.statements : undefined);
  const schema = told.schema();
  return {
    shared: told.shared(),
    evidence: { ms, ...observed, ...told.evidence(observed.notes) },
    ...(schema === undefined ? {} : { schema }),
  };
}

/** Errors that say nothing about the migration: no gate judges them. */
export function isEnvironment(error: unknown): boolean {
  return (['NOT_REHEARSABLE', 'BAD_TARGET', 'UNREACHABLE', 'PROVIDER_FAILED', 'LOCKED'] as const).some((code) =>
    isForerunError(error, code),
  );
}

/** Up or down of a migration; a plan never selects a down that is not there. */
export function applierOf(migration: Migration, direction: Direction): Migration['up'] {
  const apply = direction === 'up' ? migration.up : migration.down;
  if (apply === undefined) throw new TypeError(`${migration.name} has no down`);
  return apply;
}

/** Writes or removes the migration's row, as the last thing in its own transaction. */
export async function recordHistory(
  run: Run,
  session: Session,
  migration: Migration,
  direction: Direction,
): Promise<void> {
  const history = run.setup.driver.history(session);
  if (direction === 'down') return history.remove(migration.name);
  const { version, name, checksum, text } = migration;
  await history.record({ version, name, appliedOn: new Date().toISOString(), checksum }, text);
}

/** A branch of a main that an earlier run left in the middle of a migration has the same stretches behind it. */
function resumedOnBranch(run: Run, migration: Migration): Pick<Attempt, 'stretches'> {
  const from = firstStretch(run, migration);
  return from === 1 ? {} : { stretches: { from, beginning: async () => {}, done: async () => {} } };
}

/** Where to go on: behind what is on main already. */
export function firstStretch({ middle }: Run, { name }: Migration): number {
  return middle?.migration === name ? (middle.stretch?.index ?? 0) + 1 : 1;
}

/** Whether all of it is on main already, and only its history row is missing. */
export function isWhole({ middle }: Run, { name }: Migration): boolean {
  return middle?.migration === name && middle.stretch !== undefined && middle.stretch.index === middle.stretch.of;
}

/** What is left to be applied of a migration that may be on main in part. */
export function applierFrom(run: Run, migration: Migration, direction: Direction): Migration['up'] {
  return isWhole(run, migration) ? async () => {} : applierOf(migration, direction);
}

interface Told {
  readonly attempt: Attempt;
  readonly statements: StatementEvidence[];
  shared(): boolean;
  /** As it was right before the commit of a script. */
  schema(): Schema | undefined;
  evidence(more?: readonly string[]): Evidence;
}

function newAttempt(run: Run, migration: Migration, direction: Direction, alone: boolean): Told {
  const statements: StatementEvidence[] = [];
  const notes: string[] = [];
  let shared = false;
  let schema: Schema | undefined;
  return {
    statements,
    shared: () => shared,
    schema: () => schema,
    evidence: (more = []) => ({
      ...(statements.length > 0 ? { statements } : {}),
      ...(notes.length + more.length > 0 ? { notes: [...notes, ...more] } : {}),
    }),
    attempt: {
      alone,
      run: run.id,
      main: run.setup.main,
      signal: run.signal,
      ...resumedOnBranch(run, migration),
      afterBegin: async () => {},
      async beforeCommit(session) {
        // Code may go on after its transaction: what it leaves is read when it has ended.
        if (migration.language === 'sql') schema = await run.setup.driver.schema(session);
        await recordHistory(run, session, migration, direction);
        shared = true;
      },
      statement: (evidence) => statements.push(evidence),
      note: (message) => notes.push(message),
    },
  };
}
