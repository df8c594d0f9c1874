import { stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { isAlive } from '../../process.ts';
import type { ListedCopy } from '../../seams/provider.ts';
import { idsIn, readRecord, toCopy, type CloneRecord } from './records.ts';
import { socketFor } from './place.ts';

/** The clones of one main in a folder, oldest first, with what belongs to nobody. */
export async function listClones(
  folder: string,
  main: string,
  like: { readonly main: boolean },
): Promise<readonly ListedCopy[]> {
  const clones: ListedCopy[] = [];
  for (const id of await idsIn(folder)) {
    const record = await readRecord(folder, id);
    if (typeof record === 'string') {
      if (like.main) clones.push(await unknownClone(folder, id, record));
      continue;
    }
    if (record.main !== main || record.state === 'discarded') continue;
    const leftover = isLeftover(record);
    if (record.state === 'making' && !leftover) continue;
    clones.push({ ...toCopy(record), state: leftover ? 'leftover' : 'ready' });
  }
  return clones.toSorted((a, b) => compare(a.createdAt, b.createdAt) || compare(a.id, b.id));
}

/** Every readable record in a folder, whatever its main. */
export async function allRecords(folder: string): Promise<readonly CloneRecord[]> {
  const records = await Promise.all((await idsIn(folder)).map((id) => readRecord(folder, id)));
  return records.filter((record) => typeof record === 'object');
}

/** A checkpoint outlives its run; a branch of a run does not outlive the process that was to discard it. */
export function isLeftover(record: CloneRecord): boolean {
  const needsMaker = record.state === 'making' || (record.kind === 'branch' && record.run !== undefined);
  return needsMaker && !isAlive(record.maker);
}

async function unknownClone(folder: string, id: string, why: 'newer' | 'unreadable'): Promise<ListedCopy> {
  const stats = await stat(join(folder, id)).catch(() => undefined);
  const url = `postgres:///?host=${encodeURIComponent(socketFor(id))}`;
  return {
    kind: id.startsWith('br_') ? 'branch' : 'checkpoint',
    id,
    label: id,
    target: { url, variable: url },
    createdAt: (stats?.mtime ?? new Date(0)).toISOString(),
    host: hostname(),
    bytes: 0,
    way: 'unknown',
    ms: 0,
    state: why === 'newer' ? 'ready' : 'leftover',
  };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
