import type { Setup } from '../setup.ts';
import type { Connection, Observer, Session } from '../seams/driver.ts';
import type { Branch } from '../seams/provider.ts';

/**
 * What is kept open on a branch, or on main, from one migration to the next, because opening and closing takes longer than
 * a small migration. It can be let go of in between, for providers that copy only what nobody has open, and is opened
 * again when it is needed.
 */
export interface Held extends AsyncDisposable {
  /** Asks on the connection that is kept, which is the driver's own and keeps what it has prepared. */
  ask<T>(question: (session: Session) => Promise<T>): Promise<T>;
  /** The same, for who wants a session. */
  readonly session: Session;
  observer(): Promise<Observer>;
  /** Call before the database is copied. */
  letGo(): Promise<void>;
}

export function hold({ driver, provider }: Setup, { target }: Pick<Branch, 'target'>): Held {
  let connection: Connection | undefined;
  let observer: Observer | undefined;
  const close = async (): Promise<void> => {
    await observer?.[Symbol.asyncDispose]();
    observer = undefined;
    await connection?.[Symbol.asyncDispose]();
    connection = undefined;
    await driver.rest?.(target);
  };
  const ask = async <T>(question: (session: Session) => Promise<T>): Promise<T> => {
    connection ??= await driver.open(target);
    const asked = connection;
    try {
      return await question(asked);
    } catch (error) {
      // It may have been cut: the next question is asked on another one.
      if (connection === asked) connection = undefined;
      await closed(asked);
      throw error;
    }
  };
  return {
    ask,
    session: { query: (sql, params) => ask((session) => session.query(sql, params)) },
    async observer() {
      observer ??= await driver.observe(target);
      return observer;
    },
    async letGo() {
      if (provider.alone !== undefined) await close();
    },
    [Symbol.asyncDispose]: close,
  };
}

/** One that was cut can be closed no more. */
async function closed(connection: Connection): Promise<void> {
  try {
    await connection[Symbol.asyncDispose]();
  } catch {
    return;
  }
}
