import { quoteIdentifier } from '../../drivers/postgres/names.ts';
import { codeOf, type ServerSession } from './session.ts';
import type { Attributes } from './attributes.ts';
import { ensureRoom } from './room.ts';

export interface Source {
  readonly database: string;
  readonly bytes: number;
}

/**
 * Below, going through the WAL is faster than two checkpoints of the whole server; above, copying files is. A
 * checkpoint of a server at work also writes what others have not yet written.
 */
const small = 64 * 1024 * 1024;

/** How `CREATE DATABASE … TEMPLATE` would copy a database of that size. Before 15 it always copies files. */
export function strategyFor(version: number, bytes: number): 'wal_log' | 'file_copy' {
  return version >= 150_000 && bytes < small ? 'wal_log' : 'file_copy';
}

/** Makes a database of another one, which nobody may be connected to and nobody may connect to. Answers the way. */
export async function createFrom(
  session: ServerSession,
  name: string,
  source: Source,
  { owner, connectionLimit }: Attributes,
): Promise<string> {
  const strategy = strategyFor(session.version, source.bytes);
  const create = `CREATE DATABASE ${quoteIdentifier(name)} TEMPLATE ${quoteIdentifier(source.database)}
    OWNER ${quoteIdentifier(owner)} ALLOW_CONNECTIONS false IS_TEMPLATE false CONNECTION LIMIT ${connectionLimit}
    ${session.version >= 150_000 ? `STRATEGY ${strategy}` : ''}`;
  if (strategy === 'file_copy' && (await byClone(session, create))) return 'file_clone';
  await ensureRoom(session, source.database, source.bytes);
  await session.query(create);
  return strategy;
}

/** From PostgreSQL 18, where the server's build and file system can share the blocks of files. */
async function byClone(session: ServerSession, create: string): Promise<boolean> {
  if (session.version < 180_000) return false;
  try {
    await session.query("SET file_copy_method = 'clone'");
  } catch (error) {
    // 22023: this build knows no way to clone.
    if (codeOf(error) === '22023') return false;
    throw error;
  }
  try {
    await session.query(create);
    return true;
  } catch (error) {
    // 0A000 and the classes 53 and 58 are the file system's answers.
    if (!/^(0A000|53|58|XX)/.test(codeOf(error) ?? '')) throw error;
    return false;
  } finally {
    await session.query("SET file_copy_method = 'copy'");
  }
}
