import { createHash } from 'node:crypto';
import type { Session } from '../../seams/driver.ts';
import type { Target } from '../../seams/target.ts';
import { openSession, type ServerSession } from './session.ts';

/**
 * Tells every deployer, on whatever machine, that the process which is to finish or to throw away a copy still lives:
 * an advisory lock in the maintenance database, which the server releases when that process dies.
 */
export interface Keeper {
  hold(server: Target, id: string): Promise<void>;
  release(id: string): Promise<void>;
}

export function makeKeeper(): Keeper {
  const held = new Map<string, Target>();
  const sessions = new Map<string, Promise<ServerSession>>();

  const sessionOn = (server: Target): Promise<ServerSession> => {
    const known = sessions.get(server.variable);
    if (known !== undefined) return known;
    const opening = openKept(server, () => sessions.delete(server.variable));
    sessions.set(server.variable, opening);
    return opening;
  };
  /** What was asked last on a session: the next one waits for it. */
  const asked = new WeakMap<ServerSession, Promise<unknown>>();
  const ask = async (session: ServerSession, sql: string, id: string): Promise<void> => {
    session.keepAlive(true);
    const before = asked.get(session);
    const asking = (async () => {
      await before?.catch(() => {});
      await session.query(sql, [lockSpace, lockKey(id)]);
    })();
    asked.set(session, asking);
    try {
      await asking;
    } finally {
      if (asked.get(session) === asking) session.keepAlive(false);
    }
  };
  const closeUnused = async (server: Target): Promise<void> => {
    if ([...held.values()].some((other) => other.variable === server.variable)) return;
    const session = await sessions.get(server.variable);
    sessions.delete(server.variable);
    session?.keepAlive(true);
    await session?.[Symbol.asyncDispose]();
  };

  return {
    async hold(server, id) {
      held.set(id, server);
      await ask(await sessionOn(server), 'SELECT pg_advisory_lock($1, $2)', id);
    },
    async release(id) {
      const server = held.get(id);
      if (server === undefined) return;
      held.delete(id);
      const session = await sessions.get(server.variable);
      // A session that is lost holds nothing.
      if (session !== undefined) await ask(session, 'SELECT pg_advisory_unlock($1, $2)', id).catch(() => {});
      await closeUnused(server);
    },
  };
}

/** Keys of the copies that a living process holds. */
export async function heldKeys(session: Session): Promise<ReadonlySet<number>> {
  const rows = await session.query(
    `SELECT objid::int8::float8 AS key FROM pg_locks WHERE locktype = 'advisory' AND classid = $1 AND objsubid = 2
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    [lockSpace],
  );
  return new Set(rows.map((row) => Number(row['key'])));
}

export function lockKey(id: string): number {
  return createHash('sha256').update(id).digest().readUInt32BE() >>> 1;
}

/** "fore" in ASCII: the first key of all our locks of this kind. */
const lockSpace = 0x66_6f_72_65;

async function openKept(server: Target, lost: () => void): Promise<ServerSession> {
  try {
    const session = await openSession(server);
    session.onLost(lost);
    session.keepAlive(false);
    return session;
  } catch (error) {
    lost();
    throw error;
  }
}
