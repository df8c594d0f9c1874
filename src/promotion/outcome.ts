import { ForerunError, isForerunError } from '../error.ts';
import { failureText } from '../failure-text.ts';
import { failureOf } from '../rehearsal/failure.ts';
import type { Ending, Run } from '../run-log.ts';
import { shellWord } from '../shell-word.ts';
import type { Session } from '../seams/driver.ts';
import type { Direction, Migration, Stretch } from '../seams/source.ts';

/** Errors that say nothing about the migration: Forerun or the environment failed. */
const environment = [
  'LOCK_LOST',
  'PROVIDER_FAILED',
  'BAD_TARGET',
  'UNREACHABLE',
  'FOREIGN_HISTORY',
  'NOT_REHEARSABLE',
] as const;

/** A migration that did not get onto main: says why, and answers with what that makes of the run. */
export function rolledBack(run: Run, migration: Migration, error: unknown, promotedBefore: number): Ending {
  // An interruption does not undo what is on main already.
  if (isForerunError(error, 'NEEDS_PERSON')) throw error;
  run.signal.throwIfAborted();
  if (isForerunError(error, 'TRANSACTION_ESCAPED')) throw halfDone(run, migration, error);
  if (error instanceof ForerunError && environment.some((code) => code === error.code)) throw error;
  const failure = failureOf(run, migration, error);
  const { where } = failure;
  const next = isForerunError(error, 'STALE_BRANCH') || isForerunError(error, 'LOCKED') ? error.next : failure.next;
  run.emit({
    type: 'rolled-back',
    migration: migration.name,
    finding: {
      gate: 'promotion',
      severity: 'block',
      migration: migration.name,
      message: failureText(next === undefined ? failure : { ...failure, next }),
      ...(where === undefined ? {} : { where }),
    },
  });
  return promotedBefore > 0 ? 'partly-promoted' : 'rolled-back';
}

/** Told when everything is done but the COMMIT: only from there on an error may leave it in doubt. */
export type Committing = () => void;

/** Whether main's history says that the migration is done; this decides after an error at COMMIT. */
export async function isOnMain(run: Run, migration: Migration, direction: Direction): Promise<boolean> {
  const { driver, main } = run.setup;
  await using connection = await driver.open(main);
  return await isRecorded(run, connection, migration, direction);
}

export async function isRecorded(
  { setup }: Run,
  session: Session,
  migration: Migration,
  direction: Direction,
): Promise<boolean> {
  const row = await setup.driver.history(session).row(migration.name);
  return direction === 'up' ? row?.checksum === migration.checksum : row === undefined;
}

/**
 * A migration failed, and what it did until then was not, or not surely, undone. `unasked`: main can tell how far it came,
 * and could not be asked.
 */
export function halfDone(
  run: Pick<Run, 'setup'> & Partial<Pick<Run, 'middle'>>,
  migration: Pick<Migration, 'name' | 'continues'>,
  cause: unknown,
  reached?: Stretch | 'unasked',
): ForerunError<'NEEDS_PERSON'> {
  const { message, code, where } = failureOf(run, migration, cause);
  const why = isForerunError(cause, 'TRANSACTION_ESCAPED')
    ? 'ended its transaction on main'
    : `ran on main without a transaction of ours, and failed${where?.line === undefined ? '' : ` at line ${where.line}`} (${message.replace(/\.$/, '')}${code === undefined ? '' : `, ${code}`})`;
  const again =
    reached === undefined && migration.continues !== true
      ? ''
      : `The next "forerun ${run.middle?.direction ?? 'up'} --safe" ${reached === 'unasked' ? 'finds out how far it came, and goes on' : 'goes on from there'}. Or: `;
  return new ForerunError('NEEDS_PERSON', `${migration.name} ${why}: ${placeOf(reached)}.`, {
    details: { migration: migration.name },
    next: `${again}Look at main. Complete the migration by hand (an up that is complete is marked as applied with: forerun baseline ${shellWord(migration.name)}), or undo what it did and run again. Where there is a checkpoint: forerun rollback <checkpoint>`,
    cause,
  });
}

function placeOf(reached: Stretch | 'unasked' | undefined): string {
  if (reached === undefined) return 'a part of it may be committed, without its history row';
  if (reached === 'unasked') return 'a part of it may be on main, without its history row, and main could not be asked';
  const { index, of, line } = reached;
  if (index === of) return 'it is on main, without its history row';
  return `it is on main up to part ${index} of ${of} (line ${line}), without its history row`;
}
