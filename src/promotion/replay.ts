import { fingerprint } from '../checksum.ts';
import { ForerunError } from '../error.ts';
import { applierOf, recordHistory } from '../rehearsal/apply.ts';
import type { Step } from '../rehearsal/rehearse.ts';
import type { Run } from '../run-log.ts';
import type { Session } from '../seams/driver.ts';
import type { TableEvidence } from '../seams/evidence.ts';
import type { Attempt, Direction } from '../seams/source.ts';
import { checkClaim, journalRow } from './claim.ts';
import type { Committing } from './outcome.ts';

/**
 * Replays one rehearsed migration on main, in one transaction: schema as it was on the branch before, the migration,
 * schema as it was on the branch after, no more rows lost than the gates allowed, the history row, the journal. A throw
 * anywhere leaves main as it was.
 */
export async function replay(
  run: Run,
  step: Step,
  direction: Direction,
  checkpoint: string | undefined,
  committing: Committing,
): Promise<void> {
  const { driver, main } = run.setup;
  const { migration } = step;
  // What can be done before main is locked is done before.
  const identity = await driver.identity(main);
  let rowsBefore: ReadonlyMap<string, number> = new Map();
  let finished = false;
  const attempt: Attempt = {
    alone: false,
    run: run.id,
    signal: run.signal,
    async afterBegin(session) {
      await checkClaim(run, session, identity);
      await expectSchema(run, session, step.before, "Main's schema is not what the rehearsal began with");
      rowsBefore = await driver.counts(
        session,
        tablesKeptWhole(step).map((table) => table.renamedFrom ?? table.table),
      );
    },
    async beforeCommit(session) {
      await expectSchema(run, session, step.after, "Main's schema did not become what the branch's became");
      refuseLoss(
        step,
        rowsBefore,
        await driver.counts(
          session,
          tablesKeptWhole(step).map((table) => table.table),
        ),
      );
      await recordHistory(run, session, migration, direction);
      const row = journalRow(run, 'promoting', migration.name, checkpoint);
      await driver.journal(session).write(identity, row);
      finished = true;
      committing();
    },
    waiting: run.tell,
    // What the rehearsal has said already is said once.
    note: (message) => {
      if (!(step.evidence.notes ?? []).includes(message)) run.note('promotion', message, migration.name);
    },
  };
  await applierOf(migration, direction)(main, attempt);
  if (!finished) throw mismatch(`${migration.name} ran inside our transaction in the rehearsal, and did not on main.`);
}

/** Throws `STALE_BRANCH` where main's schema is another one than in the rehearsal. */
export async function expectSchema(run: Run, session: Session, expected: string, message: string): Promise<void> {
  const found = fingerprint(await run.setup.driver.schema(session));
  if (found !== expected) throw mismatch(`${message}: somebody changed it in between.`);
}

/**
 * Tables that the migration wrote, that are there on both sides, and that lost no row in the rehearsal. To count a large
 * one takes long, with main locked: those that no statement can take a row from are left out.
 */
function tablesKeptWhole({ evidence: { tables = [], statements } }: Step): readonly TableEvidence[] {
  const mayLose = ({ table }: TableEvidence): boolean =>
    statements === undefined || statements.some(({ removes }) => removes === undefined || removes.includes(table));
  return tables.filter(
    (table) =>
      table.rowsBefore !== undefined && table.rowsAfter !== undefined && (table.rowsGone ?? 0) === 0 && mayLose(table),
  );
}

/** Main has newer rows than the branch; the same migration must not delete from it what it kept on the branch. */
function refuseLoss(step: Step, before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): void {
  for (const table of tablesKeptWhole(step)) {
    const had = before.get(table.renamedFrom ?? table.table);
    const has = after.get(table.table);
    if (had === undefined || has === undefined || has >= had) continue;
    throw mismatch(
      `${had - has} rows of ${table.table} would be gone on main (${had} before, ${has} after); none was in the rehearsal.`,
    );
  }
}

function mismatch(message: string): ForerunError<'STALE_BRANCH'> {
  return new ForerunError('STALE_BRANCH', message, {
    details: {},
    next: 'Run again: the rehearsal begins anew from main as it is now.',
  });
}
