import type { Setup } from '../setup.ts';
import type { Connection, Observer, Session } from '../seams/driver.ts';
import type { Branch } from '../seams/provider.ts';

/**
 * What a rehearsal keeps open on a branch from one migration to the next, because opening and closing takes longer than a
 * small migration. It can be let go of in between, for providers that copy only what nobody has open, and is opened
 * again when it is needed.
 */
export interface Held extends AsyncDisposable {
  readonly session: Session;
  observer(): Promise<Observer>;
  /** Call before the branch is copied. */
  letGo(): Promise<void>;
}

export function hold({ driver, provider }: Setup, branch: Branch): Held {
  let connection: Connection | undefined;
  let observer: Observer | undefined;
  const close = async (): Promise<void> => {
    await observer?.[Symbol.asyncDispose]();
    observer = undefined;
    await connection?.[Symbol.asyncDispose]();
    connection = undefined;
  };
  return {
    session: {
      async query(sql, params) {
        connection ??= await driver.open(branch.target);
        return connection.query(sql, params);
      },
    },
    async observer() {
      observer ??= await driver.observe(branch.target);
      return observer;
    },
    async letGo() {
      if (provider.alone ?? false) await close();
    },
    [Symbol.asyncDispose]: close,
  };
}
