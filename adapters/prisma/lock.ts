import { setTimeout as sleep } from 'node:timers/promises';
import { ForerunError } from '../../src/error.ts';
import type { Connection, Driver, Session } from '../../src/seams/driver.ts';
import type { Attempt } from '../../src/seams/source.ts';
import type { Target } from '../../src/seams/target.ts';

/** The number by which Prisma Migrate keeps a second one off a PostgreSQL database. */
const key = 72707369;

/** Until the transaction ends, however it ends. The driver's own limits bound the waiting, and say for whom. */
export async function lockInTransaction(session: Session): Promise<void> {
  await session.query(`SELECT pg_catalog.pg_advisory_xact_lock(${key})`);
}

/**
 * For a migration that runs in several transactions, or in none: a session of its own that is in none meanwhile, so that
 * nothing waits for it. The server lets go of the lock when the session ends, also by the death of this process.
 */
export async function holdLock(
  driver: Driver,
  main: Target,
  { signal, waiting }: Pick<Attempt, 'signal' | 'waiting'>,
): Promise<AsyncDisposable> {
  const connection = await driver.open(main);
  try {
    const start = performance.now();
    for (let count = 1; !(await tryLock(connection)); count += 1) {
      if (performance.now() - start > patience) throw held();
      if (count === 1) waiting?.('Waiting for Prisma Migrate, which is at work on this database.');
      await sleep(100, undefined, { signal });
    }
    return connection;
  } catch (error) {
    await connection[Symbol.asyncDispose]();
    throw error;
  }
}

/** In milliseconds; Prisma's own. */
const patience = 10_000;

async function tryLock(connection: Connection): Promise<boolean> {
  const [row] = await connection.query(`SELECT pg_catalog.pg_try_advisory_lock(${key}) AS locked`);
  return row?.['locked'] === true;
}

function held(): ForerunError<'LOCKED'> {
  return new ForerunError(
    'LOCKED',
    `Prisma Migrate holds its advisory lock (${key}) on this database for 10 seconds.`,
    {
      details: {},
      next: 'Wait until it has ended, then run again.',
    },
  );
}
