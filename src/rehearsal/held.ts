import type { Setup } from '../setup.ts';
import type { Connection, Observer, Session } from '../seams/driver.ts';
import type { Branch } from '../seams/provider.ts';

/**
 * What is kept open on a branch, or on main, from one migration to the next, because opening and closing takes longer than
 * a small migration. It can be let go of in between, for providers that copy only what nobody has open, and is opened
 * again when it is needed.
 */
export interface Held extends AsyncDisposable {
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
  return {
    session: {
      async query(sql, params) {
        connection ??= await driver.open(target);
        const asked = connection;
        try {
          return await asked.query(sql, params);
        } catch (error) {
          // It may have been cut: the next query is asked on another one.
          if (connection === asked) connection = undefined;
          await closed(asked);
          throw error;
        }
      },
    },
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
