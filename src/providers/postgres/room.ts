import { statfs } from 'node:fs/promises';
import { ForerunError, messageOf } from '../../error.ts';
import { size } from '../../reports/quantities.ts';
import type { ServerSession } from './session.ts';

/**
 * Throws `PROVIDER_FAILED` where a copy of a database would fill its server's disk, as far as that can be known: a server
 * whose disk is full goes down, with main. Known is the disk of a server on this machine, to a role that may ask for it.
 */
export async function ensureRoom(session: ServerSession, database: string, bytes: number): Promise<void> {
  const disk = await diskOf(session, database);
  const needed = neededFor(bytes);
  if (disk === undefined || disk.free >= needed) return;
  throw new ForerunError(
    'PROVIDER_FAILED',
    `A copy of "${database}" needs about ${size(needed)} on the server's disk (${disk.folder}), and ${size(disk.free)} are free.`,
    {
      details: {},
      next: 'Free some space there, discard copies (`forerun checkpoints`), or have copies on another server (dump with branchServer).',
    },
  );
}

/** The database itself, what is written of it to the write-ahead log until that is cut, and something for all others. */
function neededFor(bytes: number): number {
  return bytes + Math.min(bytes, 1e9) + 32e6;
}

/** Undefined where it is not known. */
export async function diskOf(
  session: ServerSession,
  database: string,
): Promise<{ readonly folder: string; readonly free: number } | undefined> {
  const [row] = await session.query(
    `SELECT CASE WHEN pg_has_role('pg_read_all_settings', 'USAGE') THEN current_setting('data_directory') END AS folder,
       coalesce(host(inet_server_addr()) IN ('127.0.0.1', '::1'), true) AS here,
       EXISTS (SELECT FROM pg_database JOIN pg_tablespace AS t ON t.oid = dattablespace WHERE datname = $1 AND spcname = 'pg_default') AS inside`,
    [database],
  );
  const folder = row?.['folder'];
  if (typeof folder !== 'string' || row?.['here'] !== true || row['inside'] !== true) return undefined;
  return statfs(folder).then(
    ({ bavail, bsize }) => ({ folder, free: bavail * bsize }),
    () => undefined,
  );
}

export function isFull(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === '53100' || code === 'ENOSPC' || /no space left on device/i.test(messageOf(error));
}

/** `bytes` is what all of it takes. */
export function fullAt(place: string, bytes: number, error: unknown, next: string): ForerunError<'PROVIDER_FAILED'> {
  return new ForerunError(
    'PROVIDER_FAILED',
    `${messageOf(error).replace(/\.$/, '')}. All of it takes about ${size(bytes)} ${place}.`,
    { details: {}, next, cause: error },
  );
}
