import type { Connection } from '../../seams/driver.ts';
import type { Target } from '../../seams/target.ts';

export type Open = (target: Target) => Promise<Connection>;

/** A session that is opened when it is needed, and anew where the server ended it in the meantime. */
export interface SideSession {
  connection(): Promise<Connection>;
  /** Its backend; 0 before the first `connection`. */
  pid(): number;
  close(): Promise<void>;
}

export function sideSession(target: Target, open: Open): SideSession {
  let current: { readonly connection: Connection; readonly pid: number } | undefined;
  return {
    async connection() {
      const pid = current && (await backendOf(current.connection).catch(() => undefined));
      if (current !== undefined && pid === current.pid) return current.connection;
      if (current !== undefined) await closed(current.connection);
      const connection = await open(target);
      current = { connection, pid: await backendOf(connection) };
      // Compiling a query takes longer than any of ours; moments are floats, of which a role may have digits cut off.
      await connection.query('SET jit = off; SET extra_float_digits = 1');
      return connection;
    },
    pid: () => current?.pid ?? 0,
    async close() {
      await current?.connection[Symbol.asyncDispose]();
      current = undefined;
    },
  };
}

/** One that was lost cannot be closed any more. */
export async function closed(connection: Connection): Promise<void> {
  try {
    await connection[Symbol.asyncDispose]();
  } catch {
    // There is nothing left to close.
  }
}

export async function backendOf(connection: Connection): Promise<number> {
  const [row] = await connection.query('SELECT pg_backend_pid() AS pid');
  return Number(row?.['pid']);
}
