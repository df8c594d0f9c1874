import { isForerunError } from '../../error.ts';
import { databaseOf, targetBeside } from '../../providers/postgres/address.ts';
import type { Target } from '../../seams/target.ts';
import { connect, type PostgresConnection } from './connection.ts';
import { hasCode } from './settings.ts';
import { tellingLoss } from './telling-loss.ts';

/**
 * Connects to a database beside main: a session on main would keep it from being copied or renamed, and advisory locks
 * belong to one database, so that those of a copy are others. Every deployer with the same rights comes to the same one:
 * `postgres`, or `template1` where that is main or is not there, or main itself where the role may enter no other.
 */
export async function connectBeside(main: Target, name: string): Promise<PostgresConnection> {
  for (const database of ['postgres', 'template1'].filter((each) => each !== databaseOf(main))) {
    try {
      return tellingLoss(await connect(targetBeside(main, database), name));
    } catch (error) {
      if (!isForerunError(error, 'BAD_TARGET') || !closed.some((code) => hasCode(error, code))) throw error;
    }
  }
  return tellingLoss(await connect(main, name));
}

/** No such database; no right to connect; no line for it in pg_hba.conf; it allows no connections. */
const closed = ['3D000', '42501', '28000', '55000'];
