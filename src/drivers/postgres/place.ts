import { lookup } from 'node:dns/promises';
import { databaseOf } from '../../providers/postgres/address.ts';
import type { Target } from '../../seams/target.ts';
import { loadClient, type PostgresClient } from './client.ts';

/** Where a database is, without who connects to it. */
export interface Place {
  readonly database: string;
  readonly port: number;
  /** The socket of its server, where it is reached by one. */
  readonly file?: string;
  /** Of its server's host; none where the name cannot be resolved. */
  readonly addresses: readonly string[];
}

export async function placeOf(target: Target): Promise<Place> {
  const { host, port } = await clientOf(target.variable);
  const place = { database: databaseOf(target), port };
  if (host.startsWith('/')) return { ...place, file: `${host}/.s.PGSQL.${port}`, addresses: [] };
  const found = await lookup(host, { all: true }).catch(() => []);
  return { ...place, addresses: found.map(({ address }) => address) };
}

/** Knows what is meant where an address, or the environment, leaves something out. Connects to nothing. */
export async function clientOf(address: string | undefined): Promise<PostgresClient> {
  const { Client } = await loadClient();
  return new Client(address === undefined ? {} : { connectionString: address });
}
