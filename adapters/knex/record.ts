import { ForerunError } from '../../src/error.ts';
import type { Row, Session } from '../../src/seams/driver.ts';
import type { Direction } from '../../src/seams/source.ts';
import type { KnexProject } from './project.ts';
import { createTables, findTables, tableNames, type Present, type Tables } from './tables.ts';

/** Names in Knex's own record, oldest first; undefined where there is no record. */
export async function recordedNames(project: KnexProject, session: Session): Promise<readonly string[] | undefined> {
  const { record, tables } = await findTables(project, session);
  if (!record) return undefined;
  return (await session.query(`SELECT name FROM ${tables.record} ORDER BY id`)).map((row) => String(row['name']));
}

/** Throws `LOCKED` where Knex's lock is held. */
export async function refuseLocked(project: KnexProject, session: Session): Promise<void> {
  const { lock, tables } = await findTables(project, session);
  if (!lock) return;
  const rows = await session.query(`SELECT is_locked FROM ${tables.lock}`);
  if (rows.some((row) => Number(row['is_locked']) === 1)) throw locked(project);
}

/**
 * Finds the record, or creates it as Knex does, and takes Knex's lock: in the transaction of the migration, so that Knex,
 * which waits for that row, comes after it, and so that no crash leaves it taken. The lock that a copy has brought along is
 * freed first.
 */
export async function beginRecording(
  project: KnexProject,
  session: Session,
  { isMain, known }: { readonly isMain: boolean; readonly known: Present | undefined },
): Promise<Present> {
  const found = known ?? (await findTables(project, session));
  if (!found.record || !found.lock) await createTables(project, session, found);
  if (isMain) {
    if (!(await takeLock(found.tables, session))) throw locked(project);
  } else if (known === undefined) await session.query(`UPDATE ${found.tables.lock} SET is_locked = 0`);
  return found;
}

async function takeLock({ lock }: Tables, session: Session): Promise<boolean> {
  const taken = await session.query(`UPDATE ${lock} SET is_locked = 1 WHERE is_locked = 0 RETURNING is_locked`);
  if (taken.length > 0) return true;
  // Knex has a row put there anew where somebody emptied the table.
  const rows = await session.query(`SELECT is_locked FROM ${lock}`);
  if (rows.length > 0) return false;
  await session.query(`INSERT INTO ${lock} (is_locked) VALUES (1)`);
  return true;
}

/** Writes the migration's row, or deletes it, and frees the lock. */
export async function endRecording(
  project: KnexProject,
  { tables }: Present,
  session: Session,
  { name, direction, batch, isMain }: Entry,
): Promise<void> {
  if (direction === 'up') await insert(project, tables, session, [name], batch);
  else
    await session.query(`DELETE FROM ${tables.record} WHERE name = ${project.engine === 'sqlite' ? '?' : '$1'}`, [
      name,
    ]);
  if (isMain) await session.query(`UPDATE ${tables.lock} SET is_locked = 0`);
}

export interface Entry {
  readonly name: string;
  readonly direction: Direction;
  readonly batch: number;
  readonly isMain: boolean;
}

/** The number of a batch that begins now. */
export async function nextBatch({ tables }: Present, session: Session): Promise<number> {
  const [row] = await session.query(`SELECT max(batch) AS last FROM ${tables.record}`);
  return Number(row?.['last'] ?? 0) + 1;
}

/** Writes rows for what counts as applied, although nobody ran it, into a record that may not be there yet. */
export async function recordAll(project: KnexProject, session: Session, names: readonly string[]): Promise<void> {
  const found = await findTables(project, session);
  if (!found.record || !found.lock) await createTables(project, session, found);
  const known = (await session.query(`SELECT name FROM ${found.tables.record}`)).map((row) => row['name']);
  const absent = names.filter((name) => !known.includes(name));
  if (absent.length > 0) await insert(project, found.tables, session, absent, await nextBatch(found, session));
}

async function insert(
  { engine }: KnexProject,
  { record }: Tables,
  session: Session,
  names: readonly string[],
  batch: number,
): Promise<readonly Row[]> {
  const now = new Date();
  const marks = names.map((_, at) =>
    engine === 'sqlite' ? '(?, ?, ?)' : `($${at * 3 + 1}, $${at * 3 + 2}, $${at * 3 + 3})`,
  );
  // As Knex writes it on each of them.
  const time = engine === 'sqlite' ? now.valueOf() : now.toISOString();
  return session.query(
    `INSERT INTO ${record} (name, batch, migration_time) VALUES ${marks.join(', ')}`,
    names.flatMap((name) => [name, batch, time]),
  );
}

function locked(project: KnexProject): ForerunError<'LOCKED'> {
  const [, lock] = tableNames(project);
  return new ForerunError(
    'LOCKED',
    `${lock} says that Knex is migrating this database, or that it was killed while it did.`,
    {
      details: {},
      next: 'Wait until it is done; if nothing of Knex runs any more, free the lock with: npx knex migrate:unlock. Then run again.',
    },
  );
}
