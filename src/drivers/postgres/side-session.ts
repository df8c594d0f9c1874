import type { Connection } from '../../seams/driver.ts';
import type { Target } from '../../seams/target.ts';

export type Open<C extends Connection = Connection> = (target: Target) => Promise<C>;

/** A session that is opened when it is needed, and anew where the server ended it in the meantime. */
export interface SideSession<C extends Connection = Connection> {
  connection(): Promise<C>;
  /** Its backend; 0 before the first `connection`. */
  pid(): number;
  close(): Promise<void>;
}

export function sideSession<C extends Connection>(target: Target, open: Open<C>): SideSession<C> {
  let current: { readonly connection: C; readonly pid: number } | undefined;
  return {
    async connection() {
      const pid = current && (await backendOf(current.connection).catch(() => undefined));
      if (current !== undefined && pid === current.pid) return current.connection;
      if (current !== undefined) await closed(current.connection);
      const connection = await open(target);
      const backend = await backendOf(connection).catch(async (error: unknown) => {
        await closed(connection);
        throw error;
      });
      current = { connection, pid: backend };
      // Compiling a query takes longer than any of ours; moments are floats, of which a role may have digits cut off.
      await connection.query('SET jit = off; SET extra_float_digits = 1');
      return connection;
    },
    pid: () => current?.pid ?? 0,
    async close() {
      const closing = current;
      current = undefined;
      await closing?.connection[Symbol.asyncDispose]();
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
