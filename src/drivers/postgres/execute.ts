import { loadClient, type PostgresClient } from './client.ts';
import { bare } from './failures.ts';

/**
 * Runs one statement, in constant memory: what a SELECT in a migration returns is read by nobody. Answers how many rows
 * it changed; undefined for what changes none.
 */
export async function executeStatement(client: PostgresClient, sql: string): Promise<number | undefined> {
  const { Query } = await loadClient();
  return new Promise((resolve, reject) => {
    const query = new Query(sql);
    query.on('row', () => {});
    query.on('end', ({ command, rowCount }) => {
      resolve(changing.has(command) && rowCount !== null ? rowCount : undefined);
    });
    query.on('error', (error) => reject(bare(error)));
    client.query(query);
  });
}

const changing: ReadonlySet<string> = new Set(['INSERT', 'UPDATE', 'DELETE', 'MERGE', 'COPY']);
