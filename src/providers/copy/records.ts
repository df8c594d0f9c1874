import { open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../../drivers/sqlite/busy.ts';
import { ForerunError } from '../../error.ts';
import { giveToOwnerOf } from '../../owner.ts';
import type { ProcessIdentity } from '../../process.ts';

/**
 * What is known about one copy: `<id>.json` beside `<id>.db`. A stored format. It is there before the first byte of
 * the copy and goes after the last, so that whatever a killed process leaves behind can be told and thrown away.
 */
export interface CopyRecord {
  readonly format: 1;
  readonly kind: 'checkpoint' | 'branch';
  readonly id: string;
  readonly label: string;
  /** File name of main, which stands where `.forerun` does: several databases may, and folders are moved about. */
  readonly main: string;
  readonly parent?: string;
  readonly run?: string;
  readonly createdAt: string;
  readonly state: 'making' | 'ready';
  readonly bytes: number;
  readonly way: string;
  readonly ms: number;
  readonly maker: ProcessIdentity;
}

const idPattern = /^(?:cp|br)_[a-z0-9]+_[a-z0-9]+$/;

export function isCopyId(text: string): boolean {
  return idPattern.test(text);
}

export function dataFile(folder: string, id: string): string {
  return join(folder, `${id}.db`);
}

/** The record; or why there is none: `newer` was written by a later Forerun, and is nothing to throw away. */
export async function readRecord(folder: string, id: string): Promise<CopyRecord | 'newer' | 'unreadable'> {
  const text = await readFile(recordFile(folder, id), 'utf8').catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return '';
    throw error;
  });
  const value = parsed(text);
  if (typeof value !== 'object' || value === null) return 'unreadable';
  if ('format' in value && typeof value.format === 'number' && value.format > 1) return 'newer';
  return isRecord(value) ? value : 'unreadable';
}

/** Whole or not at all, and on the disk for good before a checkpoint counts as ready. */
export async function writeRecord(folder: string, record: CopyRecord): Promise<void> {
  const file = recordFile(folder, record.id);
  const handle = await open(`${file}.tmp`, 'w', 0o600);
  try {
    await handle.writeFile(`${JSON.stringify(record, undefined, 2)}\n`);
    if (record.kind === 'checkpoint' && record.state === 'ready') await handle.sync();
  } finally {
    await handle.close();
  }
  await giveToOwnerOf(folder, `${file}.tmp`);
  await rename(`${file}.tmp`, file);
}

/** Removes the copy's files, its record last. Safe to repeat. */
export async function removeCopy(folder: string, id: string): Promise<void> {
  if (!isCopyId(id))
    throw new ForerunError('PROVIDER_FAILED', `${id} is no copy of Forerun's.`, { details: { copy: id } });
  const data = dataFile(folder, id);
  const record = recordFile(folder, id);
  for (const file of [`${data}-wal`, `${data}-shm`, `${data}-journal`, data, `${record}.tmp`, record]) {
    await rm(file, { force: true });
  }
}

export function recordFile(folder: string, id: string): string {
  return join(folder, `${id}.json`);
}

/** By hand, because `forerun status` reads these, and loading a schema library takes longer than all else that it does. */
function isRecord(value: object): value is CopyRecord {
  const found: Partial<Record<keyof CopyRecord, unknown>> = value;
  const { maker } = found;
  return (
    found.format === 1 &&
    (found.kind === 'checkpoint' || found.kind === 'branch') &&
    (found.state === 'making' || found.state === 'ready') &&
    [found.id, found.label, found.main, found.createdAt, found.way].every((text) => typeof text === 'string') &&
    [found.parent, found.run].every((text) => text === undefined || typeof text === 'string') &&
    [found.bytes, found.ms].every((number) => typeof number === 'number') &&
    typeof maker === 'object' &&
    maker !== null &&
    'pid' in maker &&
    typeof maker.pid === 'number' &&
    'host' in maker &&
    typeof maker.host === 'string'
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
