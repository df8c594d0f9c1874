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
      if (typeof value !== 'function') return value;
      // Code may keep the function, too.
      return (...args: unknown[]): unknown => {
        refuseLate();
        return Reflect.apply(value, target, args);
      };
    },
    set(target, name, value) {
      refuseLate();
      isAsWas &&= isMark(name);
      return Reflect.set(target, name, value, target);
    },
    defineProperty(target, name, how) {
      isAsWas &&= isMark(name);
      return Reflect.defineProperty(target, name, how);
    },
    deleteProperty(target, name) {
      isAsWas = false;
      return Reflect.deleteProperty(target, name);
    },
  });
  const inTime =
    <Args extends unknown[], T>(ask: (...args: Args) => Promise<T>) =>
    async (...args: Args): Promise<T> => {
      refuseLate();
      return ask(...args);
    };
  const connection: PostgresConnection = {
    ...own,
    client,
    query: inTime(own.query),
    planned: inTime(own.planned),
    execute: inTime(own.execute),
    beside: inTime(own.beside),
    async *rows(sql, params) {
      refuseLate();
      for await (const row of own.rows(sql, params)) {
        yield row;
        refuseLate();
      }
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
