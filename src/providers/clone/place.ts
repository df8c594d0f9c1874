import { chmod } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { ForerunError } from '../../error.ts';
import type { Session } from '../../seams/driver.ts';
import type { Copy } from '../../seams/provider.ts';
import { addressOf } from '../postgres/address.ts';
import { notFound } from '../postgres/failure.ts';
import { makeFolder } from '../postgres/folder.ts';
import { findProgram } from '../postgres/programs.ts';
import { isCloneId, readRecord, targetAt, type CloneRecord } from './records.ts';
import type { ServerPlace } from './server.ts';
import { ensureReachable, serverUser } from './user.ts';

export function cloneFolder(folder: string | undefined): string {
  return resolve(folder ?? join('.forerun', 'clones'));
}

/** Makes the folder where it is missing, finds the server program, and tries whether the servers' user gets there. */
export async function placeFor(folder: string, major: number, bin: string | undefined): Promise<ServerPlace> {
  const { path: program } = await findProgram({ name: 'postgres', major, newer: false, debian: 'postgresql', bin });
  const as = await serverUser();
  await makeFolder(folder, 'clones');
  // Another user only passes through; each data folder is that user's alone.
  if (as.uid !== undefined) for (const own of ownFolders(folder)) await chmod(own, 0o711);
  await ensureReachable(folder, as);
  return { program, folder, as };
}

/** The folder of clones, with the one above it where that is ours as well. */
export function ownFolders(folder: string): readonly string[] {
  const above = dirname(folder);
  return basename(above) === '.forerun' ? [folder, above] : [folder];
}

/** The system's temporary folder, because a socket's path may have 107 bytes only. */
export function socketFor(id: string): string {
  return join(tmpdir(), `forerun-${id}`);
}

/**
 * Names main, and each private server as another: those have the same system identifier and database names. The port
 * tells servers on one machine apart that were made from one another's files.
 */
export async function keyOf(session: Session): Promise<string> {
  const [row] = await session.query(
    `SELECT concat(system_identifier, ':', current_setting('port'), '/',
      CASE WHEN current_setting('cluster_name') LIKE 'forerun:%' THEN current_setting('cluster_name') || '/' END,
      current_database()) AS key FROM pg_control_system()`,
  );
  return String(row?.['key']);
}

/** The record of a clone that is whole. Throws for what is none of ours, whatever it is called. */
export async function wholeRecord(folder: string, copy: Copy): Promise<CloneRecord> {
  const record = isCloneId(copy.id) ? await readRecord(folder, copy.id) : 'unreadable';
  if (typeof record !== 'object' || record.state !== 'ready') throw notFound(copy.id, copy.kind);
  ensureSame(copy, record);
  return record;
}

export function ensureSame(copy: Copy, record: CloneRecord): void {
  const [given, ours] = [addressOf(copy.target), addressOf(targetAt(record))];
  if (given.params.get('host') === ours.params.get('host')) return;
  throw new ForerunError('PROVIDER_FAILED', `${copy.target.url} is no copy that Forerun made.`, {
    details: { copy: copy.id },
  });
}
