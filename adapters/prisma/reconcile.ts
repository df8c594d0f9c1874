import { ownWork } from '../../src/promotion/claim.ts';
import type { Recordable, Recording } from './apply.ts';
import { lockInTransaction } from './lock.ts';

/**
 * Brings Prisma's table in line with the history, and creates it where it is absent: Prisma's own commands take a database
 * with any table and without this one for one that they do not manage (P3005), so that it is to be there before Forerun
 * creates a table of its own. Safe to repeat.
 */
export async function reconcile(
  { driver, main, record, locks }: Recording,
  migrations: readonly Recordable[],
  applied: readonly string[],
): Promise<void> {
  const { there, missing } = await missingOn({ driver, main, record }, applied);
  if (missing.length === 0 && (there || migrations.length === 0)) return;
  await driver.transaction(main, ownWork(), async (session) => {
    if (locks) await lockInTransaction(session);
    if (!(await record.exists(session))) await record.create(session);
    for (const { name, checksum } of missing) {
      const file = migrations.find((migration) => migration.name === name);
      const now = new Date();
      await record.add(session, { name, checksum: file?.checksum ?? checksum, startedAt: now, finishedAt: now });
    }
  });
}

/** What the history has and Prisma's table has not. One in whose middle a run ended is not whole yet, or not any more. */
async function missingOn(
  { driver, main, record }: Pick<Recording, 'driver' | 'main' | 'record'>,
  applied: readonly string[],
): Promise<{ readonly there: boolean; readonly missing: readonly Recordable[] }> {
  await using connection = await driver.open(main);
  const there = await record.exists(connection);
  const known = new Set(
    (await record.rows(connection)).filter(({ state }) => state === 'applied').map((row) => row.name),
  );
  const names = applied.filter((name) => !known.has(name));
  if (names.length === 0) return { there, missing: [] };
  const entry = await driver.journal(connection).read(await driver.identity(main));
  const middle = entry?.phase === 'journalled' ? entry.migration : undefined;
  const rows = await driver.history(connection).rows();
  return {
    there,
    missing: rows
      .filter(({ name }) => names.includes(name) && name !== middle)
      .map(({ name, checksum }) => ({ name, checksum: checksum.replace(/^.*:/, '') })),
  };
}
