import type { PostgresConnection } from './connection.ts';

/** A session in the hands of code that is not ours. */
export interface Lent {
  readonly connection: PostgresConnection;
  /** From here on whatever the code still asks of it fails. Answers whether the code did nothing but ask queries of it. */
  takeBack(): boolean;
}

/**
 * Lends a session, so that it can be used again by others: settings of a session are the server's, and can be set back, but
 * what is done to the client itself (listeners, parsers of values) cannot.
 */
export function lend(own: PostgresConnection): Lent {
  let isOver = false;
  let isAsWas = true;
  const refuseLate = (): void => {
    if (isOver) throw new Error('The migration that was given this connection has ended. Await every promise in it.');
  };
  const client = new Proxy(own.client, {
    get(target, name) {
      if (!isMark(name)) refuseLate();
      isAsWas &&= isMark(name) || asking.has(name);
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (value as (...args: unknown[]) => unknown).bind(target) : value;
    },
    set(target, name, value) {
      refuseLate();
      isAsWas &&= isMark(name);
      return Reflect.set(target, name, value, target);
    },
  });
  const connection: PostgresConnection = {
    ...own,
    client,
    async query(sql, params) {
      refuseLate();
      return own.query(sql, params);
    },
    async *rows(sql, params) {
      refuseLate();
      yield* own.rows(sql, params);
    },
  };
  return {
    connection,
    takeBack() {
      isOver = true;
      return isAsWas;
    },
  };
}

const asking: ReadonlySet<string | symbol> = new Set(['query', 'readyForQuery', 'processID']);

/** By which Knex knows a client, and its transaction, again; and what a promise looks for in whatever it is given. */
function isMark(name: string | symbol): boolean {
  return name === 'then' || (typeof name === 'string' && name.startsWith('__knex'));
}
