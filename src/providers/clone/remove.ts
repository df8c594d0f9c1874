import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { unmount } from './layers.ts';
import { allRecords } from './list.ts';
import { socketFor } from './place.ts';
import { dataOf, isCloneId, readRecord, writeRecord } from './records.ts';
import { stopServer } from './server.ts';

/**
 * Ends a clone's server and removes its files. Where other clones lie over them, they stay until the last of those is
 * gone, and the clone is one no more. Safe to repeat.
 */
export async function removeClone(folder: string, id: string): Promise<void> {
  if (!isCloneId(id)) throw new TypeError(`${id} is no id of a clone`);
  const data = dataOf(folder, id);
  await stopServer(data, 'immediate');
  await unmount(data);
  await rm(socketFor(id), { recursive: true, force: true });
  const record = await readRecord(folder, id);
  if (typeof record === 'object' && (await isLainOver(folder, id))) {
    await writeRecord(folder, { ...record, state: 'discarded' });
    return;
  }
  await removeFiles(folder, id);
  for (const other of await allRecords(folder)) {
    if (other.state === 'discarded' && !(await isLainOver(folder, other.id))) await removeFiles(folder, other.id);
  }
}

async function isLainOver(folder: string, id: string): Promise<boolean> {
  const own = `${join(folder, id)}/`;
  const records = await allRecords(folder);
  return records.some((record) => record.id !== id && record.layers.some((layer) => layer.startsWith(own)));
}

/** The record goes last, and a program that a killed process left may still be writing. */
async function removeFiles(folder: string, id: string): Promise<void> {
  const retried = { recursive: true, force: true, maxRetries: 5, retryDelay: 50 };
  for (const part of ['data', 'upper', 'work']) await rm(join(folder, id, part), retried);
  await rm(join(folder, id), retried);
}
