import { ownWork } from '../../src/promotion/claim.ts';
import type { Driver, Session } from '../../src/seams/driver.ts';
import type { Apply, Direction } from '../../src/seams/source.ts';
import type { Target } from '../../src/seams/target.ts';
import { holdLock, lockInTransaction } from './lock.ts';
import type { PrismaRecord } from './record.ts';
import { movedOn } from './refusals.ts';

/** Where migrations are applied, and how that is recorded. */
export interface Recording {
  readonly driver: Driver;
  readonly main: Target;
  readonly record: PrismaRecord;
  /** Whether the database has Prisma's advisory lock. */
  readonly locks: boolean;
  /** The migrations whose rows are on main, written in one transaction with them: `up <name>`. */
  readonly written: Set<string>;
  /** URLs of the databases in which the table was seen; on main, every run begins by making sure of it. */
  readonly seen: Set<string>;
}

/** A migration, and the checksum that Prisma keeps of it. */
export interface Recordable {
  readonly name: string;
  readonly checksum: string;
}

/**
 * The same with a row in Prisma's table: in the migration's own transaction, where it has one. Where it has none, the row
 * follows right after it on a branch, which nobody reads meanwhile; on main `promoted` writes it once the history row is
 * there, and only a way back takes it away before: a row without a history row would be adopted.
 */
export function recorded(recording: Recording, migration: Recordable, direction: Direction, apply: Apply): Apply {
  const { driver, main, locks, written } = recording;
  return async (target, attempt) => {
    const onMain = target.url === main.url;
    const apart = onMain && locks && attempt.stretches !== undefined;
    await using _lock = apart ? await holdLock(driver, main, attempt) : undefined;
    const startedAt = new Date();
    let shared = false;
    await apply(target, {
      ...attempt,
      async afterBegin(session) {
        if (onMain && locks && !apart) await lockInTransaction(session);
        if (onMain) await refuseMoved(recording, session, migration.name, direction);
        await attempt.afterBegin(session);
      },
      async beforeCommit(session) {
        await writeRow(recording, target, session, migration, direction, startedAt);
        shared = true;
        await attempt.beforeCommit(session);
        if (onMain) written.add(`${direction} ${migration.name}`);
      },
    });
    if (shared || (onMain && direction === 'up')) return;
    await driver.transaction(target, ownWork(), (session) =>
      writeRow(recording, target, session, migration, direction, startedAt),
    );
  };
}

/** Writes or removes the row of a migration; creates the table where it is absent. */
export async function writeRow(
  { record, seen }: Pick<Recording, 'record' | 'seen'>,
  target: Target,
  session: Session,
  { name, checksum }: Recordable,
  direction: Direction,
  startedAt: Date,
): Promise<void> {
  if (!seen.has(target.url)) {
    // What is created here is there only once it is committed.
    if (await record.exists(session)) seen.add(target.url);
    else await record.create(session);
  }
  if (direction === 'down') await record.remove(session, name);
  else await record.add(session, { name, checksum, startedAt, finishedAt: new Date() });
}

/** Prisma may have had main to itself since the rehearsal, and what it did need not show in the schema. */
async function refuseMoved(
  { record, main, seen }: Recording,
  session: Session,
  name: string,
  direction: Direction,
): Promise<void> {
  if (!seen.has(main.url) && !(await record.exists(session))) return;
  const other = await record.inTheWay(session, name);
  if (other !== undefined && (direction === 'up' || other !== name)) throw movedOn(name, other);
}
