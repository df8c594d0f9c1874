import type { Target } from '../../seams/target.ts';
import { keptConnections, type KeptConnections, type ScriptConnection } from '../kept-connections.ts';
import { freshSettings, planPrefix, type PostgresConnection } from './connection.ts';
import { flushCounters } from './settled.ts';

export type ScriptSession = ScriptConnection<PostgresConnection>;

export function keptSessions(
  open: (target: Target, run: string) => Promise<PostgresConnection>,
): KeptConnections<PostgresConnection> {
  return keptConnections({
    open,
    asNew,
    async kept(connection) {
      // What was counted of this session's writes is complete from then on, though it does not end.
      if (connection.version >= 150_000) await flushCounters(connection);
    },
    lost: (connection) => connection.lost(),
  });
}

/**
 * What DISCARD ALL does, save that our own prepared statements stay. False where the script has left some of its own: they
 * cannot be told to go without naming them.
 */
async function asNew(connection: PostgresConnection): Promise<boolean> {
  const [row] = await connection.query(
    `SET SESSION AUTHORIZATION DEFAULT; RESET ROLE; RESET ALL; CLOSE ALL; UNLISTEN *; DISCARD TEMP; DISCARD SEQUENCES;
     SELECT pg_advisory_unlock_all(), ${freshSettings},
            (SELECT count(*)::int FROM pg_catalog.pg_prepared_statements WHERE left(name, ${planPrefix.length}) <> '${planPrefix}') AS others`,
  );
  return row?.['others'] === 0;
}
