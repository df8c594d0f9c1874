import type { Connection } from '../../seams/driver.ts';
import type { Target } from '../../seams/target.ts';
import { hold } from './lanes.ts';
import { backendOf, closed, type Open } from './side-session.ts';

/**
 * A database as it was at one moment: an open transaction that reads, and that has read no table yet, so that it holds no
 * lock. Whatever waits until older transactions have ended (CREATE INDEX CONCURRENTLY) waits for it.
 */
export interface HeldSnapshot {
  /** Sees what is committed now, from here on. */
  take(): Promise<void>;
  /** The session that sees it; undefined where it was let go. */
  session(): Connection | undefined;
  /** Ends the transaction at once. Safe to repeat. */
  letGo(): Promise<void>;
  /** Its backend; empty where there is none. */
  pids(): readonly number[];
  close(): Promise<void>;
}

export function heldSnapshot(branch: Target, open: Open): HeldSnapshot {
  let kept: { readonly connection: Connection; readonly pid: number } | undefined;
  let held: Connection | undefined;
  const drop = async (): Promise<void> => {
    held = undefined;
    if (kept !== undefined) await closed(kept.connection);
    kept = undefined;
  };
  const letGo = async (): Promise<void> => {
    const session = held;
    held = undefined;
    await session?.query('ROLLBACK').catch(drop);
  };
  const connected = async (): Promise<Connection> => {
    const connection = await open(branch);
    kept = { connection, pid: await backendOf(connection) };
    return connection;
  };
  return {
    async take() {
      await letGo();
      try {
        const session = kept?.connection ?? (await connected());
        await hold(session);
        held = session;
      } catch {
        // Without it rows are compared with a copy; the server may have no room for another session.
        await drop();
      }
    },
    session: () => held,
    letGo,
    pids: () => (kept === undefined ? [] : [kept.pid]),
    close: drop,
  };
}
