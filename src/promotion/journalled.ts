import { ForerunError, isForerunError } from '../error.ts';
import { applierOf, firstStretch, recordHistory } from '../rehearsal/apply.ts';
import type { Step } from '../rehearsal/rehearse.ts';
import type { Run } from '../run-log.ts';
import type { Watch } from '../seams/driver.ts';
import type { Attempt, Direction } from '../seams/source.ts';
import { checkClaim, journalledRow, journalRow, ownWork, readJournal, writeJournal } from './claim.ts';
import { halfDone } from './outcome.ts';
import { expectSchema } from './replay.ts';
import { takeBack, type Begun } from './take-back.ts';

/**
 * Promotes a migration that shares no transaction with its history row: each stretch is journalled before and after, and
 * the history row is written once main's schema is what the branch's became. On failure, what has an exact inverse is
 * taken back; where that does not lead to main as it was, a person is told precisely where main is.
 */
export async function journalled(
  run: Run,
  step: Step,
  direction: Direction,
  checkpoint: string | undefined,
): Promise<void> {
  const { driver, main } = run.setup;
  const identity = await driver.identity(main);
  await driver.transaction(main, ownWork(run), async (session) => {
    await checkClaim(run, session, identity);
    await expectSchema(run, session, step.before, "Main's schema is not what the rehearsal began with");
  });
  await runOnMain(run, step, direction, checkpoint);
  await driver
    .transaction(main, ownWork(run), async (session) => {
      await checkClaim(run, session, identity);
      await expectSchema(run, session, step.after, "Main's schema did not become what the branch's became");
      await recordHistory(run, session, step.migration, direction);
      await driver.journal(session).write(identity, journalRow(run, 'promoting', step.migration.name, checkpoint));
    })
    .catch((error: unknown) => {
      if (!isForerunError(error, 'STALE_BRANCH')) throw error;
      run.middle = { migration: step.migration.name, checksum: step.migration.checksum };
      run.inDoubt = true;
      throw differs(step, error);
    });
  run.middle = undefined;
}

async function runOnMain(run: Run, step: Step, direction: Direction, checkpoint: string | undefined): Promise<void> {
  const { driver, main } = run.setup;
  const { migration } = step;
  const begun: Begun[] = [];
  await writeJournal(run, journalledRow(run, migration, checkpoint));
  await using watch = await driver.watch?.(main);
  try {
    await applierOf(migration, direction)(main, newAttempt(run, step, direction, checkpoint, begun));
  } catch (error) {
    // Whether the last stretch was committed is known to the journal, which shares its transaction.
    const last = begun.length === 0 ? undefined : (await readJournal(run))?.stretch;
    const reached = last === undefined ? begun : [...begun.slice(0, -1), last];
    if (await isBack(run, step, reached, watch)) {
      await writeJournal(run, journalRow(run, 'promoting', migration.name, checkpoint));
      throw error;
    }
    const stretch = reached.findLast((one) => one.done) ?? run.middle?.stretch;
    run.middle = { migration: migration.name, checksum: migration.checksum, ...(stretch && { stretch }) };
    run.inDoubt = true;
    throw halfDone(run, migration, error, stretch);
  }
}

function newAttempt(
  run: Run,
  { migration }: Step,
  direction: Direction,
  checkpoint: string | undefined,
  begun: Begun[],
): Attempt {
  const { driver, main } = run.setup;
  return {
    alone: run.learnt.escaped.has(migration.name),
    run: run.id,
    signal: run.signal,
    afterBegin: async () => {},
    beforeCommit: (session) => recordHistory(run, session, migration, direction),
    waiting: run.tell,
    note: (message) => run.note('promotion', message, migration.name),
    stretches: {
      from: firstStretch(run, migration),
      async beginning(stretch) {
        const now = { ...stretch, done: false };
        await writeJournal(run, journalledRow(run, migration, checkpoint, now));
        begun.push(now);
      },
      async done(stretch, session) {
        const now = { ...stretch, done: true };
        const row = journalledRow(run, migration, checkpoint, now);
        await driver.journal(session).write(await driver.identity(main), row);
        begun.splice(-1, 1, now);
      },
    },
  };
}

/** Whether main is as it was before the migration, or could be brought back there. */
async function isBack(run: Run, step: Step, begun: readonly Begun[], watch: Watch | undefined): Promise<boolean> {
  if (run.middle !== undefined) return false;
  // Code says nothing of what it does: only a main that nobody wrote is surely as it was.
  if (begun.length === 0) return watch !== undefined && !(await watch.moved().catch(() => true));
  if (!(await takeBack(run, begun))) return false;
  const { driver, main } = run.setup;
  await using connection = await driver.open(main);
  return await expectSchema(run, connection, step.before, '').then(
    () => true,
    () => false,
  );
}

function differs({ migration }: Step, cause: unknown): ForerunError<'NEEDS_PERSON'> {
  return new ForerunError(
    'NEEDS_PERSON',
    `${migration.name} ran on main, and main's schema did not become what the branch's became.`,
    {
      details: { migration: migration.name },
      next: 'Compare main with the rehearsal: forerun diff main <checkpoint>. Then correct main by hand, or go back with: forerun rollback <checkpoint>',
      cause,
    },
  );
}
