import { endChildren } from '../children.ts';
import { ForerunError } from '../error.ts';
import { isMarkedGone, markedGone } from '../gone.ts';
import { ownWork } from '../promotion/claim.ts';
import { adopted } from '../reconcile.ts';
import type { Driver } from '../seams/driver.ts';
import type { HistoryRow, JournalEntry } from '../seams/records.ts';
import type { Migration } from '../seams/source.ts';
import type { Target } from '../seams/target.ts';
import type { Setup } from '../setup.ts';
import { findMigration } from './find-migration.ts';
import { lockMain, newHolder } from './lock.ts';
import { leaveMiddle } from './middle.ts';
import { writeRepair, type Repair } from './repair-document.ts';

/**
 * Accepts the present text of changed files, one or all; of the named migration also that its file is gone, or that
 * nothing is left on main of it, where a run ended in its middle. Answers with the rows that this changed. The reason is
 * kept in a document beside the database. Without a name and without a changed file there is nothing to do.
 */
export async function repair(setup: Setup, name: string | undefined, reason: string): Promise<readonly HistoryRow[]> {
  if (reason.trim() === '') {
    throw usage('A repair needs a reason.', 'Say why the file was changed, or is gone: --reason "<text>"');
  }
  const { driver, main } = setup;
  await driver.examine(main);
  await using _lock = await lockMain(setup, newHolder('repair'));
  const state = await stateOf(setup, 'with the record');
  const subject = name === undefined ? undefined : findMigration(knownIn(state), name).name;
  if (subject !== undefined && subject === state.middle) {
    await repairMiddle(setup, subject);
    return [];
  }
  const repairs = subject === undefined ? changedIn(state) : await repairOf(setup, state, subject);
  if (repairs.length === 0) return [];
  await using document = await writeRepair(setup, reason, repairs);
  await driver.transaction(main, ownWork(), async (session) => {
    for (const { row, text } of repairs) await driver.history(session).record(row, text);
  });
  document.keep();
  return repairs.map((one) => one.row);
}

interface State {
  readonly migrations: readonly Migration[];
  readonly rows: readonly HistoryRow[];
  /** Name of the migration in whose middle a run ended. */
  readonly middle: string | undefined;
}

/** Also with what the framework's own record alone knows, which it may refuse to tell until a person has said more. */
async function stateOf(setup: Setup, what: 'history' | 'with the record'): Promise<State> {
  const { driver, main, source } = setup;
  const migrations = await source.migrations();
  await using connection = await driver.open(main);
  const entry = await driver.journal(connection).read(await driver.identity(main));
  return {
    migrations,
    rows: [
      ...(await driver.history(connection).rows()),
      ...(what === 'history' ? [] : await adopted(setup, migrations, connection)),
    ],
    middle: entry?.phase === 'journalled' ? entry.migration : undefined,
  };
}

/** All that a person may name: of an applied migration or one in the middle the file may be gone. */
function knownIn({ migrations, rows, middle }: State): readonly Pick<Migration, 'version' | 'name'>[] {
  const more = [...rows, ...(middle === undefined ? [] : [{ version: middle, name: middle }])];
  return [...migrations, ...more.filter(({ name }) => !migrations.some((migration) => migration.name === name))];
}

/** Whatever still runs of the run that ended in its middle is ended. */
async function repairMiddle({ driver, main }: Setup, name: string): Promise<void> {
  const identity = await driver.identity(main);
  let died: JournalEntry | undefined;
  await driver.transaction(main, ownWork(), async (session) => {
    died = await leaveMiddle(driver, session, identity, [name]);
  });
  if (died !== undefined) await endRest(driver, main, died);
}

async function endRest(driver: Driver, main: Target, died: JournalEntry): Promise<void> {
  await endChildren(died);
  await driver.endSessions?.(main, died.run);
}

/** A file that was accepted as gone and came back as it was is a change, too: the mark is taken away. */
function changedIn({ migrations, rows }: State): readonly Repair[] {
  return migrations.flatMap((migration): Repair[] => {
    const row = rows.find((candidate) => candidate.name === migration.name);
    if (row === undefined || row.checksum === migration.checksum) return [];
    return [{ row: { ...row, checksum: migration.checksum }, from: row.checksum, text: migration.text }];
  });
}

async function repairOf(setup: Setup, state: State, name: string): Promise<readonly Repair[]> {
  if (state.migrations.some((migration) => migration.name === name)) {
    const changed = changedIn(state).filter(({ row }) => row.name === name);
    if (changed.length === 0) throw nothingToRepair(`${name} is not changed`);
    return changed;
  }
  const row = state.rows.find((candidate) => candidate.name === name);
  if (row === undefined || isMarkedGone(row))
    throw nothingToRepair(`That the file of ${name} is gone was accepted before`);
  await using connection = await setup.driver.open(setup.main);
  const text = (await setup.driver.history(connection).text(row.checksum)) ?? '';
  return [{ row: markedGone(row), from: row.checksum, text }];
}

function nothingToRepair(why: string): ForerunError<'USAGE'> {
  return usage(`${why}: there is nothing to repair.`, 'What is to be repaired is listed by: forerun status');
}

/**
 * Marks an existing database as being at a version: that migration and all before it count as applied, in a framework's
 * own record too. Answers with the rows that this added, and refuses where the history has a later one already.
 */
export async function baseline(setup: Setup, version: string): Promise<readonly HistoryRow[]> {
  const { driver, main } = setup;
  await driver.examine(main);
  await using _lock = await lockMain(setup, newHolder('baseline'));
  const { rows: applied, migrations, middle } = await stateOf(setup, 'history');
  const last = migrations.indexOf(findMigration(migrations, version));
  const known = new Set(applied.map((row) => row.name));
  const absent = migrations.slice(0, last + 1).filter((migration) => !known.has(migration.name));
  const [first] = absent;
  const later = first && migrations.slice(migrations.indexOf(first)).find((migration) => known.has(migration.name));
  if (first !== undefined && later !== undefined) throw notABaseline(first, later);
  const open = absent.find(({ name, continues }) => continues === true && name !== middle);
  if (open !== undefined) throw alwaysPending(open);
  const appliedOn = new Date().toISOString();
  const rows = absent.map(({ version, name, checksum }) => ({ version, name, appliedOn, checksum }));
  const identity = await driver.identity(main);
  const names = migrations.slice(0, last + 1).map((migration) => migration.name);
  let died: JournalEntry | undefined;
  await driver.transaction(main, ownWork(), async (session) => {
    for (const [at, row] of rows.entries()) await driver.history(session).record(row, absent[at]?.text ?? '');
    died = await leaveMiddle(driver, session, identity, names);
  });
  if (died !== undefined) await endRest(driver, main, died);
  await setup.source.reconcile?.(main, [...known, ...rows.map((row) => row.name)]);
  return rows;
}

function alwaysPending({ name }: Migration): ForerunError<'USAGE'> {
  return usage(
    `${name} is pending always, and goes on from wherever the database is: nothing can be marked for it.`,
    'What it has applied, it writes down by itself; what it has yet to do is rehearsed by: forerun up --safe',
  );
}

function notABaseline(missing: Migration, applied: Migration): ForerunError<'USAGE'> {
  return usage(
    `${missing.name} is not applied, and ${applied.name}, which comes after it, is: this is no database that Forerun has yet to know.`,
    `If ${missing.name} is to be applied late, allow it with the policy 'out-of-order': 'warn'.`,
  );
}

function usage(message: string, next: string): ForerunError<'USAGE'> {
  return new ForerunError('USAGE', message, { details: {}, next });
}
