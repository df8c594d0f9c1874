import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf } from '../postgres/session.ts';
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
  await removeUnneeded(folder);
}

/** Those that were kept for others' sake. They may lie over one another, so that one going sets another free. */
async function removeUnneeded(folder: string): Promise<void> {
  for (const { id, state } of await allRecords(folder)) {
    if (state !== 'discarded' || (await isLainOver(folder, id))) continue;
    await removeFiles(folder, id);
    return removeUnneeded(folder);
  }
}

async function isLainOver(folder: string, id: string): Promise<boolean> {
  const own = `${join(folder, id)}/`;
  const records = await allRecords(folder);
  return records.some((record) => record.id !== id && record.layers.some((layer) => layer.startsWith(own)));
}

/**
 * The record goes last. What a killed process had begun may go on for a moment: a program that writes, a mount, a server
 * that starts.
 */
async function removeFiles(folder: string, id: string): Promise<void> {
  const data = dataOf(folder, id);
  const deadline = performance.now() + limitMs;
  for (;;) {
    try {
      for (const part of ['data', 'upper', 'work', ''])
        await rm(join(folder, id, part), { recursive: true, force: true });
      return;
    } catch (error) {
      if (!['EBUSY', 'ENOTEMPTY'].includes(codeOf(error) ?? '') || performance.now() > deadline) throw error;
    }
    await sleep(50);
    await stopServer(data, 'immediate');
    await unmount(data);
  }
}

const limitMs = 10_000;
