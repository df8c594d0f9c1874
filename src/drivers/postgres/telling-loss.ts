import type { PostgresConnection } from './connection.ts';
import { lossOr } from './failures.ts';

/** The same connection, whose queries throw `UNREACHABLE` once the server or the network has ended it. */
export function tellingLoss(connection: PostgresConnection): PostgresConnection {
  const { target } = connection;
  const told = <T>(answer: Promise<T>): Promise<T> =>
    answer.catch((error: unknown) => {
      throw lossOr(target, error);
    });
  return {
    ...connection,
    query: (sql, params) => told(connection.query(sql, params)),
    planned: (name, sql, params) => told(connection.planned(name, sql, params)),
    execute: (sql) => told(connection.execute(sql)),
    async *rows(sql, params) {
      try {
        yield* connection.rows(sql, params);
      } catch (error) {
        throw lossOr(target, error);
      }
    },
    beside: async () => tellingLoss(await connection.beside()),
  };
}
