import { ForerunError, isForerunError } from '../error.ts';
import { applierFrom, firstStretch, isWhole, recordHistory } from '../rehearsal/apply.ts';
import type { Step } from '../rehearsal/rehearse.ts';
import type { Middle, Run } from '../run-log.ts';
import { differencesInWords } from '../schema-words.ts';
import { shellWord } from '../shell-word.ts';
import type { Watch } from '../seams/driver.ts';
import type { Attempt, Direction, Stretch } from '../seams/source.ts';
import { backOut } from './back-out.ts';
import { checkClaim, journalledRow, journalRow, ownWork, writeJournal } from './claim.ts';
import { halfDone, type Committing } from './outcome.ts';
import { expectSchema } from './replay.ts';
import type { Begun } from './take-back.ts';

/** One migration that is promoted in the journal's sight. */
export interface Journalling {
  readonly step: Step;
  readonly direction: Direction;
  readonly checkpoint: string | undefined;
  /** Main's. */
  readonly identity: string;
  /** What the run is in the middle of while it goes on. */
  readonly middle: Middle;
}

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
  committing: Committing,
): Promise<void> {
  const { driver, main } = run.setup;
  const { name: migration, checksum } = step.migration;
  const identity = await driver.identity(main);
  const work = { step, direction, checkpoint, identity, middle: { migration, checksum, direction } };
  await driver.transaction(main, ownWork(run), async (session) => {
    await checkClaim(run, session, identity);
    await expectSchema(run, session, step.before, "Main's schema is not what the rehearsal began with");
  });
  await finish(run, work, await runOnMain(run, work), committing);
}

/** All of it is on main: until its history row is there, too, the journal goes on saying so. */
async function finish(run: Run, work: Journalling, last: Stretch, committing: Committing): Promise<void> {
  const { step, checkpoint, middle } = work;
  const tells = tellsStretches(run, step);
  run.middle = middle;
  try {
    if (!tells) await writeJournal(run, journalledRow(run, middle, checkpoint, { ...last, done: true }));
    run.middle = { ...middle, stretch: last };
    await record(run, work, committing);
    run.middle = undefined;
  } catch (error) {
    run.inDoubt = true;
    if (isForerunError(error, 'LOCK_LOST')) throw error;
    if (!isForerunError(error, 'STALE_BRANCH')) throw halfDone(run, step.migration, error, run.middle?.stretch);
    run.middle = middle;
    await writeJournal(run, { ...journalledRow(run, middle, checkpoint), differs: true });
    throw differs(step, error, await differencesOn(run, step));
  }
}

/** Code says nothing of what it does, so that it counts as begun before it is run, and as whole once it has returned. */
function tellsStretches(run: Run, { migration }: Step): boolean {
  return migration.language === 'sql' || isWhole(run, migration);
}

/** Answers the last stretch that is on main. */
async function runOnMain(run: Run, work: Journalling): Promise<Stretch> {
  const { driver, main } = run.setup;
  const { checkpoint, direction, middle } = work;
  const { migration } = work.step;
  const begun: Begun[] = [];
  const tells = tellsStretches(run, work.step);
  if (!tells) await writeJournal(run, journalledRow(run, middle, checkpoint));
  await using watch = tells ? undefined : await driver.watch?.(main);
  try {
    const attempt = { ...newAttempt(run, work, begun), child: keepingChild(run, work, watch) };
    await applierFrom(run, migration, direction)(main, attempt);
  } catch (error) {
    throw await backOut(run, work, { begun, watch, error });
  }
  return begun.at(-1) ?? run.middle?.stretch ?? whole;
}

/** A program is in the journal before it begins, so that the next run can end it. */
function keepingChild(
  run: Run,
  { middle, checkpoint }: Journalling,
  watch: Watch | undefined,
): NonNullable<Attempt['child']> {
  return async (child) => {
    await writeJournal(run, { ...journalledRow(run, middle, checkpoint), children: [child] });
    // What was written until now was not the migration.
    await watch?.moved();
  };
}

/** Code is of one piece. */
const whole: Stretch = { index: 1, of: 1, alone: true, sql: '', line: 1 };

async function record(run: Run, work: Journalling, committing: Committing): Promise<void> {
  const { driver, main } = run.setup;
  const { step, direction, checkpoint, identity } = work;
  await driver.transaction(main, ownWork(run), async (session) => {
    await checkClaim(run, session, identity);
    await expectSchema(run, session, step.after, "Main's schema did not become what the branch's became");
    await recordHistory(run, session, step.migration, direction);
    await driver.journal(session).write(identity, journalRow(run, 'promoting', step.migration.name, checkpoint));
    committing();
  });
}

function newAttempt(run: Run, { step, direction, checkpoint, identity, middle }: Journalling, begun: Begun[]): Attempt {
  const { driver } = run.setup;
  const { migration } = step;
  return {
    alone: run.learnt.escaped.has(migration.name),
    run: run.id,
    signal: run.signal,
    afterBegin: async (session) => void (await checkClaim(run, session, identity)),
    beforeCommit: (session) => recordHistory(run, session, migration, direction),
    waiting: run.tell,
    note: (message) => run.note('promotion', message, migration.name),
    stretches: {
      from: firstStretch(run, migration),
      async beginning(stretch) {
        const now = { ...stretch, done: false };
        await writeJournal(run, journalledRow(run, middle, checkpoint, now));
        begun.push(now);
      },
      async done(stretch, session) {
        const now = { ...stretch, done: true };
        await checkClaim(run, session, identity);
        await driver.journal(session).write(identity, journalledRow(run, middle, checkpoint, now));
        begun.splice(-1, 1, now);
      },
    },
  };
}

/** In words; empty where main cannot tell any more. */
async function differencesOn(run: Run, { schema }: Step): Promise<string> {
  if (schema === undefined) return '';
  try {
    await using connection = await run.setup.driver.open(run.setup.main);
    const words = { added: 'on main alone', removed: 'on the branch alone', changed: 'another one on main' };
    return differencesInWords(schema, await run.setup.driver.schema(connection), words);
  } catch {
    return '';
  }
}

function differs({ migration }: Step, cause: unknown, differences: string): ForerunError<'NEEDS_PERSON'> {
  return new ForerunError(
    'NEEDS_PERSON',
    `${migration.name} ran on main, and main's schema did not become what the branch's became${differences === '' ? '' : `: ${differences}`}.`,
    {
      details: { migration: migration.name },
      next: `Compare main with the rehearsal: forerun diff main <checkpoint>. Then correct main by hand, and say so with: forerun baseline ${shellWord(migration.name)}; or go back with: forerun rollback <checkpoint>`,
      cause,
    },
  );
}
