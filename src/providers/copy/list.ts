import { readdir, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { codeOf } from '../../drivers/sqlite/busy.ts';
import { targetOf } from '../../drivers/sqlite/target.ts';
import { isAlive } from '../../process.ts';
import type { ListedCopy } from '../../seams/provider.ts';
import { toCopy } from './place.ts';
import { dataFile, isCopyId, readRecord, recordFile, type CopyRecord } from './records.ts';
import { sizeOf } from './space.ts';

/**
 * The copies in a folder of the main with that file name, oldest first, with what belongs to nobody: files without a
 * readable record. Left out are copies that a living process is still making.
 */
export async function listCopies(folder: string, main: string, like: string): Promise<readonly ListedCopy[]> {
  const copies: ListedCopy[] = [];
  for (const id of await idsIn(folder)) {
    const record = await readRecord(folder, id);
    const listed =
      typeof record === 'string'
        ? await unknownCopy(folder, id, like, record)
        : await known(folder, record, main, like);
    if (listed !== undefined) copies.push(listed);
  }
  return copies.toSorted((a, b) => compare(a.createdAt, b.createdAt) || compare(a.id, b.id));
}

/** Records of the living branches of the main with that file name, those that are being made included. */
export async function livingBranches(folder: string, main: string): Promise<readonly CopyRecord[]> {
  const branches: CopyRecord[] = [];
  for (const id of await idsIn(folder)) {
    const record = await readRecord(folder, id);
    if (typeof record === 'string' || record.main !== main || record.kind !== 'branch') continue;
    if (!(await isLeftover(folder, record))) branches.push(record);
  }
  return branches;
}

async function idsIn(folder: string): Promise<ReadonlySet<string>> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  });
  return new Set(names.map((name) => name.replace(/\..*$/, '')).filter(isCopyId));
}

async function known(folder: string, record: CopyRecord, main: string, like: string): Promise<ListedCopy | undefined> {
  if (record.main !== main) return undefined;
  const bytes = await sizeOf(dataFile(folder, record.id));
  const leftover = (await isLeftover(folder, record)) || (record.state === 'ready' && bytes === undefined);
  if (record.state === 'making' && !leftover) return undefined;
  return { ...toCopy(folder, { ...record, bytes: bytes ?? 0 }, like), state: leftover ? 'leftover' : 'ready' };
}

/** How long a copy that another host's process makes or uses may lie untouched, in milliseconds. */
const abandonedMs = 24 * 60 * 60 * 1000;

/**
 * A checkpoint outlives its run; a branch of a run does not outlive the process that was to discard it. Whether a
 * process of another host runs cannot be told from here (and a container that is started anew is another host): what
 * has not been written for a day is left over.
 */
async function isLeftover(folder: string, record: CopyRecord): Promise<boolean> {
  const needsMaker = record.state === 'making' || (record.kind === 'branch' && record.run !== undefined);
  if (!needsMaker) return false;
  if (!isAlive(record.maker)) return true;
  if (record.maker.host === hostname()) return false;
  const data = dataFile(folder, record.id);
  const written = await Promise.all([recordFile(folder, record.id), data, `${data}-wal`].map(statOf));
  return written.every((stats) => stats === undefined || Date.now() - stats.mtime.getTime() > abandonedMs);
}

async function unknownCopy(
  folder: string,
  id: string,
  like: string,
  why: 'newer' | 'unreadable',
): Promise<ListedCopy | undefined> {
  const file = dataFile(folder, id);
  const stats =
    (await statOf(file)) ?? (await statOf(recordFile(folder, id))) ?? (await statOf(`${recordFile(folder, id)}.tmp`));
  if (stats === undefined) return undefined;
  return {
    kind: id.startsWith('br_') ? 'branch' : 'checkpoint',
    id,
    label: id,
    target: targetOf(file, like),
    createdAt: stats.mtime.toISOString(),
    host: hostname(),
    bytes: (await sizeOf(file)) ?? 0,
    way: 'unknown',
    ms: 0,
    state: why === 'newer' ? 'ready' : 'leftover',
  };
}

async function statOf(file: string): Promise<{ readonly mtime: Date } | undefined> {
  return stat(file).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  });
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
