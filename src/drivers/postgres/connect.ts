import { setTimeout as sleep } from 'node:timers/promises';
import { clientAddress } from '../../providers/postgres/address.ts';
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
 * is starting or ending is waited for. Throws `BAD_TARGET` or `UNREACHABLE`.
 */
export async function connectClient(target: Target, name: string): Promise<Connected> {
  const { Client } = await loadClient();
  const { connectionString, database } = clientAddress(target);
  const start = performance.now();
  for (;;) {
    let lost = false;
    const client = made(target, () => {
      return new Client({
        connectionString,
        application_name: name,
        connectionTimeoutMillis: patience,
        keepAlive: true,
      });
    });
    client.connectionParameters.database = database;
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

/** It reads the files of certificates, too. */
function made(target: Target, make: () => PostgresClient): PostgresClient {
  try {
    return make();
  } catch (error) {
    throw unusable(target, error);
  }
}

/** In milliseconds. */
const patience = 15_000;

const startingUp = '57P03';
