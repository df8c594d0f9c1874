import { ForerunError } from '../error.ts';
import { ownWork } from '../promotion/claim.ts';
import type { HistoryRow } from '../seams/driver.ts';
import type { Migration } from '../seams/source.ts';
import type { Setup } from '../setup.ts';
import { findMigration } from './find-migration.ts';
import { lockMain, newHolder } from './lock.ts';
import { writeRepair, type Repair } from './repair-document.ts';

/**
 * Accepts the present text of changed files, one or all, and answers with their rows as they are now. The reason is
 * kept in a document beside the database. Without a name and without a changed file there is nothing to do.
 */
export async function repair(setup: Setup, name: string | undefined, reason: string): Promise<readonly HistoryRow[]> {
  if (reason.trim() === '') throw usage('A repair needs a reason.', 'Say why the file was changed: --reason "<text>"');
  const { driver, main } = setup;
  await driver.examine(main);
  await using _lock = await lockMain(setup, newHolder('repair'));
  if (name !== undefined) await forgetMiddle(setup, name);
  const changes = await changedSince(setup, name);
  if (changes.length === 0) return [];
  await using document = await writeRepair(setup, reason, changes);
  await driver.transaction(main, ownWork(), async (session) => {
    for (const { row, migration } of changes) await driver.history(session).record(row, migration.text);
  });
  document.keep();
  return changes.map((change) => change.row);
}

/** A person says that nothing is left on main of a migration in whose middle a run ended. */
async function forgetMiddle({ driver, main, source }: Setup, name: string): Promise<void> {
  const identity = await driver.identity(main);
  const migration = findMigration(await source.migrations(), name);
  await driver.transaction(main, ownWork(), async (session) => {
    const journal = driver.journal(session);
    const entry = await journal.read(identity);
    if (entry?.phase !== 'journalled' || entry.migration !== migration.name) return;
    await journal.write(identity, { ...entry, phase: 'finished' });
  });
}

/**
 * Marks an existing database as being at a version: that migration and all before it count as applied. Answers with
 * the rows that this added, and refuses where the history has a later one already.
 */
export async function baseline(setup: Setup, version: string): Promise<readonly HistoryRow[]> {
  const { driver, main, source } = setup;
  await driver.examine(main);
  await using _lock = await lockMain(setup, newHolder('baseline'));
  const migrations = await source.migrations();
  const last = migrations.indexOf(findMigration(migrations, version));
  const known = await namesOn(setup);
  const absent = migrations.slice(0, last + 1).filter((migration) => !known.has(migration.name));
  const [first] = absent;
  if (first === undefined) return [];
  const later = migrations.slice(migrations.indexOf(first)).find((migration) => known.has(migration.name));
  if (later !== undefined) throw notABaseline(first, later);
  const appliedOn = new Date().toISOString();
  const rows = absent.map(({ version, name, checksum }) => ({ version, name, appliedOn, checksum }));
  await driver.transaction(main, ownWork(), async (session) => {
    for (const [at, row] of rows.entries()) await driver.history(session).record(row, absent[at]?.text ?? '');
  });
  return rows;
}

async function changedSince({ driver, main, source }: Setup, name: string | undefined): Promise<readonly Repair[]> {
  const all = await source.migrations();
  const migrations = name === undefined ? all : [findMigration(all, name)];
  await using connection = await driver.open(main);
  const rows = await driver.history(connection).rows();
  const changes = migrations.flatMap((migration): Repair[] => {
    const row = rows.find((candidate) => candidate.name === migration.name);
    if (row === undefined || row.checksum === migration.checksum) return [];
    return [{ row: { ...row, checksum: migration.checksum }, from: row.checksum, migration }];
  });
  if (name !== undefined && changes.length === 0) {
    throw usage(
      `${migrations[0]?.name ?? name} is not changed: there is nothing to repair.`,
      'What is changed is listed by: forerun status',
    );
  }
  return changes;
}

async function namesOn({ driver, main }: Setup): Promise<ReadonlySet<string>> {
  await using connection = await driver.open(main);
  return new Set((await driver.history(connection).rows()).map((row) => row.name));
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
