import { setTimeout as sleep } from 'node:timers/promises';
import { databaseOf } from '../../providers/postgres/address.ts';
import type { Target } from '../../seams/target.ts';
import { loadClient, type PostgresClient } from './client.ts';
import { codeOf, unusable } from './failures.ts';

/** A client that is connected, and whether it still is. */
export interface Connected {
  readonly client: PostgresClient;
  lost(): boolean;
}

/**
 * Connects under a name by which other users of the server, and a later run, can tell whose session it is. A server that
 * is starting or ending is waited for. Throws `BAD_TARGET`.
 */
export async function connectClient(target: Target, name: string): Promise<Connected> {
  const { Client } = await loadClient();
  const start = performance.now();
  for (;;) {
    let lost = false;
    const client = new Client({
      connectionString: target.variable,
      application_name: name,
      connectionTimeoutMillis: patience,
      keepAlive: true,
    });
    // pg leaves `%2F`, `%3F` and `%23` of a database's name as they are.
    const database = databaseOf(target);
    if (/[/?#;,:@&=+$]/.test(database)) client.connectionParameters.database = database;
    // Unheard, it would end the process.
    client.on('error', () => (lost = true));
    try {
      await client.connect();
      return { client, lost: () => lost };
    } catch (error) {
      await client.end().catch(() => {});
      if (codeOf(error) !== startingUp || performance.now() - start > patience) throw unusable(target, error);
    }
    await sleep(100);
  }
}

/** In milliseconds. */
const patience = 15_000;

const startingUp = '57P03';
