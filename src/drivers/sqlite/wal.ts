import { closeSync, openSync, readSync } from 'node:fs';
import { codeOf } from './busy.ts';
import type { SqliteDatabase } from './client.ts';

/** Where the write-ahead log ends at one moment. */
export interface WalMark {
  /** Another one wherever the log was begun anew from its start. */
  readonly salt: string;
  /** Frames of it that are committed. */
  readonly frames: number;
}

/**
 * Undefined where SQLite tells none. `main` must not have been read in a transaction that is open. Where somebody commits
 * or begins the log anew meanwhile, the mark stands before that.
 */
export function walMark(database: SqliteDatabase, path: string): WalMark | undefined {
  const salt = inWal(path, (wal) => wal.salt) ?? '';
  const frames = framesOf(database);
  return frames < 0 ? undefined : { salt, frames };
}

/** Below zero where there is no log. NOOP tells, and does nothing. */
function framesOf(database: SqliteDatabase): number {
  const [row] = database.pragma('main.wal_checkpoint(NOOP)') as { log: number }[];
  return row?.log ?? -1;
}

/**
 * Writes what a long log holds to the database file, so that the log begins anew with the next write. Call it while no state
 * before is held: beside one that is, SQLite would go on trying in vain at the end of each transaction.
 */
export function shorten(database: SqliteDatabase): void {
  if (framesOf(database) >= longFrames) database.pragma('main.wal_checkpoint(PASSIVE)');
}

/** From here on, by default, SQLite tries it itself. */
const longFrames = 1000;

/** A log as it is being read. */
export interface Wal {
  readonly salt: string;
  readonly pageSize: number;
  /** Number of the page that a frame holds; undefined behind the last frame of this salt. */
  page(at: number): number | undefined;
  content(at: number): Buffer;
}

/** Undefined where there is no log, or an empty one. SQLite keeps no locks on that file, so it may be opened and closed. */
export function inWal<T>(path: string, body: (wal: Wal) => T): T | undefined {
  let file: number;
  try {
    file = openSync(`${path}-wal`, 'r');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const header = Buffer.alloc(headerBytes);
    return readSync(file, header, 0, headerBytes, 0) < headerBytes ? undefined : body(walIn(file, header));
  } finally {
    closeSync(file);
  }
}

const headerBytes = 32;
const frameHeaderBytes = 24;

function walIn(file: number, header: Buffer): Wal {
  const pageSize = header.readUInt32BE(8);
  const salt = saltAt(header, 16);
  const start = Buffer.alloc(frameHeaderBytes);
  const placeOf = (at: number): number => headerBytes + at * (frameHeaderBytes + pageSize);
  return {
    salt,
    pageSize,
    page(at) {
      const read = readSync(file, start, 0, frameHeaderBytes, placeOf(at));
      return read < frameHeaderBytes || saltAt(start, 8) !== salt ? undefined : start.readUInt32BE(0);
    },
    content(at) {
      const page = Buffer.alloc(pageSize);
      readSync(file, page, 0, pageSize, placeOf(at) + frameHeaderBytes);
      return page;
    },
  };
}

function saltAt(bytes: Buffer, place: number): string {
  return bytes.toString('hex', place, place + 8);
}
