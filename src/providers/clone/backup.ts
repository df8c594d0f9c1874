import { chmod, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ForerunError } from '../../error.ts';
import type { Session } from '../../seams/driver.ts';
import type { Making } from '../../seams/provider.ts';
import type { ProgramAddress } from '../postgres/address.ts';
import { runProgram } from '../postgres/run-program.ts';
import { ownedFolder } from './layers.ts';
import { dataOf, type CloneRecord } from './records.ts';
import { removeSocket, startServer, stopServer, type ServerPlace } from './server.ts';

/**
 * Copies the whole running cluster at an address, and brings it to rest: a private server of ours replays what was written during
 * the copy, once for all branches, and ends.
 */
export async function backUp(
  address: ProgramAddress,
  record: CloneRecord,
  place: ServerPlace,
  programs: { readonly basebackup: string },
  { run, signal }: Making,
): Promise<void> {
  const data = dataOf(place.folder, record.id);
  await ownedFolder(data, place.as);
  const args = ['--wal-method=stream', '--checkpoint=fast', '--no-sync', '--no-manifest', '--no-password'];
  await runProgram(programs.basebackup, [...args, `--pgdata=${data}`, `--dbname=${address.url}`], {
    address,
    run,
    signal,
    as: place.as,
  });
  await chmod(data, 0o700);
  // What ALTER SYSTEM set on main is among the settings that were read, without what must not be here.
  await writeFile(join(data, 'postgresql.auto.conf'), '');
  for (const name of ['standby.signal', 'recovery.signal']) await rm(join(data, name), { force: true });
  try {
    signal?.throwIfAborted();
    await startServer(place, record);
  } finally {
    await stopServer(data, 'fast');
    await removeSocket(record);
  }
  await flush(place.folder);
}

/** Throws, with what to do, where the role or the cluster does not allow it. */
export async function ensureAllowed(session: Session): Promise<void> {
  const [row] = await session.query(
    `SELECT rolreplication OR rolsuper AS may, current_user::text AS "user",
      (SELECT string_agg(spcname, ', ') FROM pg_tablespace WHERE spcname NOT IN ('pg_default', 'pg_global')) AS spaces
    FROM pg_roles WHERE rolname = current_user`,
  );
  if (row?.['may'] !== true) {
    throw new ForerunError(
      'PROVIDER_FAILED',
      `The role ${String(row?.['user'])} may not copy a cluster (pg_basebackup).`,
      {
        details: {},
        next: 'ALTER ROLE … REPLICATION, and let it connect for replication in pg_hba.conf; or take the provider dump.',
      },
    );
  }
  const spaces = row['spaces'];
  if (typeof spaces !== 'string') return;
  throw new ForerunError(
    'PROVIDER_FAILED',
    `The cluster keeps data outside its folder, in tablespaces (${spaces}), which clones cannot.`,
    { details: {}, next: 'Take the provider dump or template.' },
  );
}

/** A checkpoint that is announced must outlive a power failure. */
async function flush(folder: string): Promise<void> {
  const { execa } = await import('execa');
  const args = process.platform === 'linux' ? ['-f', folder] : [];
  await execa('sync', args, { reject: false });
}
