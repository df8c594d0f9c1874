import { describeOf } from './schema-history.ts';
import type { Run } from './run-log.ts';
import type { Session } from './seams/driver.ts';
import type { HistoryRow } from './seams/records.ts';
import type { Migration, Recorded } from './seams/source.ts';
import type { Setup } from './setup.ts';
import { ownWork } from './promotion/claim.ts';

/**
 * The history as the framework's own record has it: with what that was given without Forerun, without what its own
 * command took back. Writes nothing.
 */
export async function historyOf(
  setup: Setup,
  migrations: readonly Migration[],
  session: Session,
): Promise<readonly HistoryRow[]> {
  const rows = await setup.driver.history(session).rows();
  const reverted = await revertedOf(setup, rows, session);
  const kept = rows.filter((row) => !reverted.includes(row.name));
  return [...kept, ...(await adopted(setup, migrations, session, rows))];
}

async function revertedOf(
  { source, main }: Setup,
  rows: readonly HistoryRow[],
  session: Session,
): Promise<readonly string[]> {
  if (source.reverted === undefined || rows.length === 0) return [];
  return source.reverted(
    main,
    rows.map((row) => row.name),
    session,
  );
}

/**
 * The rows that the framework's own record stands for and the history lacks: an existing project is adopted with the
 * checksums of its files as they are, or, where its record keeps checksums, with those. What a rollback took back is not
 * among them. `history`: what the history has, where that is at hand.
 */
export async function adopted(
  setup: Setup,
  migrations: readonly Migration[],
  session: Session,
  history?: readonly HistoryRow[],
): Promise<readonly HistoryRow[]> {
  const recorded = await setup.source.recorded?.(setup.main, session);
  if (recorded === undefined || recorded.length === 0) return [];
  const known = new Set((history ?? (await setup.driver.history(session).rows())).map((row) => row.name));
  const takenBack = await takenBackOf(setup, session);
  const now = new Date().toISOString();
  const all = new Map(recorded.map((one) => (typeof one === 'string' ? [one, undefined] : [one.name, one])));
  const names = [...migrations.map(({ name }) => name), ...withoutFile(recorded, migrations)];
  return names
    .filter((name) => all.has(name) && !known.has(name) && !takenBack.includes(name))
    .map((name) => {
      const file = migrations.find((migration) => migration.name === name);
      const { version, checksum } = file ?? { version: name, checksum: '' };
      return { version, name, appliedOn: file === undefined ? '' : now, checksum, ...all.get(name) };
    });
}

/** A record in the database itself was taken back with it; whatever stands there was applied since. */
async function takenBackOf({ source, driver, main }: Setup, session: Session): Promise<readonly string[]> {
  if (source.tables !== undefined) return [];
  return (await driver.journal(session).read(await driver.identity(main)))?.takenBack ?? [];
}

/** Of a name alone nothing is known that could be missed. */
function withoutFile(recorded: readonly (string | Recorded)[], migrations: readonly Migration[]): readonly string[] {
  const files = new Set(migrations.map(({ name }) => name));
  return recorded.flatMap((one) => (typeof one === 'string' || files.has(one.name) ? [] : [one.name]));
}

/** Adopts what the framework's record knows and the history does not, in one transaction; then brings the record in line. */
export async function reconciled(run: Run): Promise<void> {
  const { setup } = run;
  await setup.source.ready?.(setup.main);
  if (setup.source.recorded === undefined) return;
  await leaveReverted(run);
  const migrations = await setup.source.migrations();
  const rows = await adoptAll(run, migrations);
  if (rows.length > 0) {
    run.note(
      'adoption',
      `Adopted ${rows.length} applied ${rows.length === 1 ? 'migration' : 'migrations'} from the record of ${setup.source.name}: ${rows.map((row) => row.name).join(', ')}. Their checksums are those of the files as they are now.`,
    );
  }
  await using connection = await setup.driver.open(setup.main);
  const applied = (await setup.driver.history(connection).rows()).map((row) => row.name);
  await setup.source.reconcile?.(setup.main, applied);
}

async function leaveReverted(run: Run): Promise<void> {
  const { driver, main, source } = run.setup;
  await using connection = await driver.open(main);
  const names = await revertedOf(run.setup, await driver.history(connection).rows(), connection);
  if (names.length === 0) return;
  await driver.transaction(main, ownWork(run), async (session) => {
    for (const name of names) await driver.history(session).remove(name);
  });
  run.note(
    'adoption',
    `The record of ${source.name} has ${names.join(', ')} no more: its own command took ${names.length === 1 ? 'it' : 'them'} back, and so the history does, too.`,
  );
}

async function adoptAll(run: Run, migrations: readonly Migration[]): Promise<readonly HistoryRow[]> {
  const { driver, main } = run.setup;
  await using connection = await driver.open(main);
  const checksums = new Map(migrations.map(({ name, checksum }) => [name, checksum as string]));
  // What disagrees stays out until the file is put back or a person accepts it.
  const rows = (await adopted(run.setup, migrations, connection)).filter(
    (row) => checksums.get(row.name) === row.checksum,
  );
  if (rows.length === 0) return rows;
  const describe = describeOf(migrations);
  await driver.transaction(main, ownWork(run), async (session) => {
    for (const row of rows) await driver.history(session).record(row, (await describe(row)).text);
  });
  return rows;
}
