import { readFileSync } from 'node:fs';
import { checksum } from '../checksum.ts';
import { ForerunError, messageOf } from '../error.ts';
import { checkpointMain } from '../rehearsal/checkpoint.ts';
import { hold, type Held } from '../rehearsal/held.ts';
import type { Step } from '../rehearsal/rehearse.ts';
import type { Ending, Run } from '../run-log.ts';
import { describeOf, schemaHistory } from '../schema-history.ts';
import type { Session } from '../seams/driver.ts';
import type { Checkpoint } from '../seams/provider.ts';
import type { Checksum, Direction, Migration } from '../seams/source.ts';
import { throughUmzug } from '../through-umzug.ts';
import { isOnMain, isRecorded, rolledBack, type Committing } from './outcome.ts';
import { journalled } from './journalled.ts';
import { replay } from './replay.ts';

/**
 * Promotes what passed, one migration after the other, each behind a checkpoint of its own: by replay, or, where it shares
 * no transaction with its history row and nothing can be swapped, journalled.
 */
export async function promoteInOrder(
  run: Run,
  base: Checkpoint,
  steps: readonly Step[],
  direction: Direction,
): Promise<Ending> {
  const { driver, main } = run.setup;
  const migrations = steps.map((step) => step.migration);
  await using held = hold(run.setup, { target: main });
  const { session } = held;
  const storage = schemaHistory({ driver, target: main, session, describe: describeOf(migrations) });
  let promoted = 0;
  let current: Migration | undefined;
  try {
    await throughUmzug(migrations, storage, direction, async (migration) => {
      const step = steps.find((candidate) => candidate.migration === migration);
      if (step === undefined) return;
      current = migration;
      const checkpoint = await checkpointBefore(run, held, base, migration, promoted === 0);
      await promoteOne(run, step, direction, checkpoint);
      // What fails from here on changes nothing about that.
      current = undefined;
      promoted += 1;
      await readBack(run, session, migration, direction);
      await run.setup.source.promoted?.(migration, direction);
    });
    return 'promoted';
  } catch (error) {
    if (current === undefined) throw error;
    return rolledBack(run, current, error, promoted);
  }
}

async function promoteOne(run: Run, step: Step, direction: Direction, checkpoint: string | undefined): Promise<void> {
  const { migration } = step;
  await run.setup.source.promoting?.(migration, direction, false);
  await refuseChangedFile(run, migration);
  const start = performance.now();
  const how = step.shared ? 'replay' : 'journalled';
  run.emit({ type: 'promoting', migration: migration.name, how });
  let inDoubt = false;
  const committing: Committing = () => (inDoubt = true);
  try {
    const promote = step.shared ? replay : journalled;
    await run.phase('promote', migration.name, () => promote(run, step, direction, checkpoint, committing));
  } catch (error) {
    // Where it cannot be asked, what it failed with says more.
    if (!inDoubt || !(await isOnMain(run, migration, direction).catch(() => false))) throw error;
    run.middle = undefined;
    run.note('promotion', 'The commit was in doubt; the history row shows that it went through.', migration.name);
  }
  run.emit({
    type: 'promoted',
    migration: migration.name,
    how,
    direction,
    ms: performance.now() - start,
    ...(checkpoint === undefined ? {} : { checkpoint }),
  });
}

async function readBack(run: Run, session: Session, migration: Migration, direction: Direction): Promise<void> {
  const recorded = await isRecorded(run, session, migration, direction).catch((error: unknown) => {
    // A session that was cut meanwhile says nothing of the history.
    run.note('promotion', `The history was read back on another session: ${messageOf(error)}`, migration.name);
    return isOnMain(run, migration, direction);
  });
  if (!recorded) throw unrecorded(migration);
}

/** The checkpoint of the rehearsal serves the first migration, unless somebody wrote main since. */
async function checkpointBefore(
  run: Run,
  held: Held,
  base: Checkpoint,
  migration: Migration,
  first: boolean,
): Promise<string | undefined> {
  const { provider, checkpoints } = run.setup;
  if (first || checkpoints === 'each') await held.letGo();
  if (first && !(await provider.moved(base))) return base.id;
  if (!first && checkpoints === 'once') return undefined;
  await using checkpoint = await checkpointMain(run, [migration]);
  return checkpoint.id;
}

/** What was rehearsed is what is promoted: the file is read and hashed again right before. */
export async function refuseChangedFile(run: Run, migration: Migration): Promise<void> {
  if (checksumOfFile(migration) === migration.checksum) return;
  const now = (await run.setup.source.migrations()).find((candidate) => candidate.name === migration.name);
  if (now?.checksum === migration.checksum) return;
  throw new ForerunError(
    'STALE_BRANCH',
    `The file of ${migration.name} was changed between its rehearsal and its promotion.`,
    {
      details: {},
      next: 'Run again: the file is rehearsed as it is now.',
    },
  );
}

/** Not what the source would say where it hashes more than the file; then the source is asked. */
function checksumOfFile({ file }: Migration): Checksum | undefined {
  try {
    return file === undefined ? undefined : checksum(readFileSync(file));
  } catch {
    return undefined;
  }
}

function unrecorded(migration: Migration): ForerunError<'NEEDS_PERSON'> {
  return new ForerunError(
    'NEEDS_PERSON',
    `${migration.name} ran on main, and its history row is not as it was written.`,
    {
      details: { migration: migration.name },
      next: 'See what main says with: forerun status',
    },
  );
}
