import { readSync } from 'node:fs';
import type { SqliteDatabase } from './client.ts';
import { inWal, type Wal, type WalMark } from './wal.ts';

/** A branch before and after a migration, page by page. */
export interface Pages {
  readonly pageSize: number;
  /** Pages that were written in between; all others are the same, byte by byte. */
  readonly changed: ReadonlySet<number>;
  /**
   * Whether all that was written are pages of tables and indexes, in both states: no overflow page, where what is long in a
   * row goes on, and no list of free pages.
   */
  readonly plain: boolean;
  read(state: PageState, page: number): Buffer;
}

export type PageState = 'before' | 'after';

/** So many frames are looked at; where more were written, to read whole tables takes no longer. */
export const mostFrames = 25_000;

/** No overflow page begins with a higher byte than the number of the page that follows it: the highest that may exist. */
const mostPages = 2 ** 25;

/** Both states of a branch, as `before` and `main` of one connection, both read in the transaction that is open. */
export interface BothStates {
  readonly database: SqliteDatabase;
  /** The branch's real path. */
  readonly path: string;
  /** A descriptor of that file. */
  readonly file: number;
}

/**
 * What was written between two marks, at which the two states stood. While the state before is held, SQLite neither takes
 * a frame that was committed since out of the log nor overwrites it, so every page that differs has one there. Undefined
 * where the log does not tell all.
 */
export function pagesBetween({ database, path, file }: BothStates, from: WalMark, to: WalMark): Pages | undefined {
  const [pagesBefore, pagesAfter] = [pageCount(database, 'before'), pageCount(database, 'main')];
  if (Math.max(pagesBefore, pagesAfter) >= mostPages || to.frames > mostFrames) return undefined;
  return inWal(path, (wal) => {
    const frames = framesIn(wal, from, to);
    if (frames === undefined) return undefined;
    const readWith =
      (content: Wal['content']): Pages['read'] =>
      (state, page) => {
        const frame = (state === 'after' ? frames.since.get(page) : undefined) ?? frames.old.get(page);
        return frame === undefined ? pageIn(file, page, wal.pageSize) : content(frame);
      };
    const readNow = readWith(wal.content);
    const isPlain = (page: number): boolean =>
      page === 1 || ((page > pagesBefore || isTree(readNow('before', page))) && isTree(readNow('after', page)));
    const changed = new Set(frames.since.keys());
    return {
      pageSize: wal.pageSize,
      changed,
      plain: [...changed].every(isPlain),
      read: readWith((frame) => inWal(path, (again) => again.content(frame)) ?? Buffer.alloc(wal.pageSize)),
    };
  });
}

function pageCount(database: SqliteDatabase, schema: 'before' | 'main'): number {
  return Number(database.pragma(`${schema}.page_count`, { simple: true }));
}

interface Frames {
  /** The last frame of each page. */
  readonly old: ReadonlyMap<number, number>;
  readonly since: ReadonlyMap<number, number>;
}

function framesIn(wal: Wal, from: WalMark, to: WalMark): Frames | undefined {
  if (wal.salt !== to.salt) return undefined;
  // A log that was begun anew holds nothing of before: all of that is in the database file.
  const start = from.salt === to.salt ? from.frames : 0;
  const [old, since] = [new Map<number, number>(), new Map<number, number>()];
  for (let at = 0; at < to.frames; at += 1) {
    const page = wal.page(at);
    if (page === undefined) return undefined;
    (at < start ? old : since).set(page, at);
  }
  // Either somebody committed after the mark, or a transaction that was rolled back left frames.
  if (start > to.frames || wal.page(to.frames) !== undefined) return undefined;
  return { old, since };
}

/** The first byte of a page of a tree is its kind, from 2 on. */
function isTree(page: Buffer): boolean {
  return page.readUInt8(0) >= 2;
}

function pageIn(file: number, page: number, pageSize: number): Buffer {
  const bytes = Buffer.alloc(pageSize);
  readSync(file, bytes, 0, pageSize, (page - 1) * pageSize);
  return bytes;
}
