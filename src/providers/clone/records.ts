import { chmod, mkdir, readFile, readdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ProcessIdentity } from '../../process.ts';
import type { Copy } from '../../seams/provider.ts';
import type { Target } from '../../seams/target.ts';

/**
 * What is known about one clone: `record.json` in a folder with its id as name. A stored format. It is there before
 * the first file of the clone and goes after the last.
 */
export interface CloneRecord {
  readonly format: 1;
  readonly kind: 'checkpoint' | 'branch';
  readonly id: string;
  readonly label: string;
  /** Names main among all whose clones are on this machine. */
  readonly main: string;
  readonly parent?: string;
  readonly run?: string;
  readonly createdAt: string;
  /** `discarded`: only its files are still needed, by clones that lie over them. */
  readonly state: 'making' | 'ready' | 'discarded';
  readonly bytes: number;
  readonly way: string;
  readonly ms: number;
  readonly maker: ProcessIdentity;
  readonly database: string;
  readonly user: string;
  /** Folder of the private server's socket: the path of a socket must be short. */
  readonly socket: string;
  /** Folders that the clone lies over, uppermost first, which must stay as they are. */
  readonly layers: readonly string[];
  readonly major: number;
  /** Main's settings that a private server shall have. */
  readonly settings: Readonly<Record<string, string>>;
}

const idPattern = /^(?:cp|br)_[a-z0-9]+_[a-z0-9]+$/;

export function isCloneId(id: string): boolean {
  return idPattern.test(id);
}

export async function readRecord(folder: string, id: string): Promise<CloneRecord | 'newer' | 'unreadable'> {
  try {
    const value = JSON.parse(await readFile(recordFile(folder, id), 'utf8')) as CloneRecord;
    if (value.format === 1 && value.id === id && Array.isArray(value.layers)) return value;
    return typeof value.format === 'number' && value.format > 1 ? 'newer' : 'unreadable';
  } catch {
    return 'unreadable';
  }
}

export async function writeRecord(folder: string, record: CloneRecord): Promise<void> {
  await mkdir(join(folder, record.id), { recursive: true });
  // The user that servers run as must get through, and nobody else gets through the folder above.
  await chmod(join(folder, record.id), 0o755);
  const file = recordFile(folder, record.id);
  await writeFile(`${file}.tmp`, `${JSON.stringify(record, undefined, 2)}\n`, { mode: 0o600 });
  await rename(`${file}.tmp`, file);
}

export async function idsIn(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch(() => []);
  return names.filter(isCloneId);
}

/** The data folder of a clone: its files, or where they are mounted. */
export function dataOf(folder: string, id: string): string {
  return join(folder, id, 'data');
}

export function toCopy(record: CloneRecord): Copy {
  const { kind, id, label, parent, run, createdAt, bytes, way, ms } = record;
  return {
    kind,
    id,
    label,
    target: targetAt(record),
    ...(kind === 'checkpoint' ? { dormant: true } : {}),
    ...(parent === undefined ? {} : { parent }),
    ...(run === undefined ? {} : { run }),
    createdAt,
    host: record.maker.host,
    bytes,
    way,
    ms,
  };
}

/** Through the socket, which only its owner can reach, so no password is needed. */
export function targetAt({ user, database, socket }: CloneRecord): Target {
  const url = `postgres://${encodeURIComponent(user)}@/${encodeURIComponent(database)}?host=${encodeURIComponent(socket)}`;
  return { url, variable: url };
}

function recordFile(folder: string, id: string): string {
  return join(folder, id, 'record.json');
}
