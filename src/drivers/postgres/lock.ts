import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { databaseOf } from '../../providers/postgres/address.ts';
import type { LockHolder, LockOptions, Session } from '../../seams/driver.ts';
import { heldBy } from '../run-lock.ts';
import type { Target } from '../../seams/target.ts';
import type { PostgresConnection } from './connection.ts';
import { holderIn, holderName } from './holder.ts';
import { connectBeside } from './maintenance.ts';

/**
 * The run lock: an advisory lock in a database beside main, keyed by main's name, on a session that is never inside a
 * transaction: one that waits with a snapshot would keep CREATE INDEX CONCURRENTLY from ending. The server releases it
 * when the process dies. A session that is cut is replaced, unless another deployer was faster: that one raises the
 * epoch, and no transaction of the run gets past it.
 */
export async function lockPostgres(main: Target, options: LockOptions): Promise<AsyncDisposable> {
  const key = keyOf(databaseOf(main));
  const name = holderName(options.holder);
  let session = await connectBeside(main, name);
  try {
    await acquire(session, key, options);
  } catch (error) {
    await session[Symbol.asyncDispose]();
    throw error;
  }
  let released = false;
  let renewing = Promise.resolve();
  const renew = async (): Promise<void> => {
    // Firewalls forget connections that are quiet.
    const alive =
      !session.lost() &&
      (await session.query('SELECT 1').then(
        () => true,
        () => false,
      ));
    if (alive || released) return;
    await session[Symbol.asyncDispose]();
    const next = await connectBeside(main, name);
    if (released) {
      await next[Symbol.asyncDispose]();
      return;
    }
    session = next;
    await tryLock(session, key);
  };
  const timer = setInterval(() => {
    // Where it cannot be had again, the epoch protects main.
    renewing = renewing.then(() => (released ? undefined : renew())).catch(() => {});
  }, renewalMs);
  timer.unref();
  return {
    async [Symbol.asyncDispose]() {
      released = true;
      clearInterval(timer);
      await session[Symbol.asyncDispose]();
    },
  };
}

const renewalMs = 1000;

/** `database` is main's; the cluster is the one that is asked. */
function keyOf(database: string): string {
  return createHash('sha256').update(`forerun run lock ${database}`).digest().readBigInt64BE().toString();
}

async function acquire(session: PostgresConnection, key: string, options: LockOptions): Promise<void> {
  const { signal, waitMs } = options;
  const start = performance.now();
  signal.throwIfAborted();
  for (let told = false; !(await tryLock(session, key));) {
    const holder = await holderOf(session, key);
    if (!told) options.waiting(holder);
    told = true;
    if (performance.now() - start >= waitMs) throw heldBy(holder, waitMs);
    await sleep(50 + Math.random() * 100, undefined, { signal });
  }
}

async function tryLock(session: Session, key: string): Promise<boolean> {
  const [row] = await session.query('SELECT pg_try_advisory_lock($1::bigint) AS held', [key]);
  return row?.['held'] === true;
}

/** Undefined where it has just been released. */
async function holderOf(session: Session, key: string): Promise<LockHolder | undefined> {
  const [row] = await session.query(
    `SELECT a.application_name AS name FROM pg_locks AS l JOIN pg_stat_activity AS a ON a.pid = l.pid
      WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
        AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
        AND (l.classid::bigint << 32) | l.objid::bigint = $1::bigint`,
    [key],
  );
  return row && holderIn(String(row['name']));
}
