import { readSync } from 'node:fs';
import type { SqliteDatabase } from './client.ts';
import { ownedByWritten } from './owned-pages.ts';
import { inWal, type Wal, type WalMark } from './wal.ts';

/** A branch before and after a migration, page by page. */
export interface Pages {
  readonly pageSize: number;
  /** Pages that were written in between; all others are the same, byte by byte. */
  readonly changed: ReadonlySet<number>;
  /** Pages that were written between an earlier moment and the state before; undefined where the log does not tell. */
  writtenSince(earlier: WalMark): ReadonlySet<number> | undefined;
  /**
   * Whether no overflow page, where what is long in a row goes on, was written of a row whose own page was not. Then rows
   * can differ only on pages that were written, or that came or went.
   */
  readonly rowsTold: boolean;
  /** Whether all that was written are pages of tables and indexes, in both states: then only these can come or go. */
  readonly plain: boolean;
  read(state: PageState, page: number): Buffer;
}

export type PageState = 'before' | 'after';

/** So many frames are looked at; where more were written, to read whole tables takes no longer. */
const mostFrames = 25_000;

/**
 * An overflow page, and one of the list of free pages, begins with the number of the page that follows it. With so many
 * pages its first byte is 0 or 1, where a page of a tree has its kind, from 2 on.
 */
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
    // What another file system keeps in some form of its own is not to be read here.
    if ((['before', 'after'] as const).some((state) => !readNow(state, 1).toString('latin1').startsWith(magic)))
      return undefined;
    const changed = new Set(frames.since.keys());
    const isTree = (state: PageState, page: number): boolean => page === 1 || readNow(state, page).readUInt8(0) >= 2;
    const others = new Set([...changed].filter((page) => !isTree('after', page)));
    const wereTrees = [...changed].every((page) => page > pagesBefore || isTree('before', page));
    return {
      pageSize: wal.pageSize,
      changed,
      writtenSince: (earlier) => {
        if (!isInLog(earlier, from) || (from.salt !== to.salt && earlier.frames < from.frames)) return undefined;
        return new Set([...frames.old].flatMap(([page, frame]) => (frame < earlier.frames ? [] : [page])));
      },
      rowsTold: ownedByWritten(others, changed, (page) => readNow('after', page)),
      // What auto_vacuum cuts off at the end is not written.
      plain: others.size === 0 && wereTrees && pagesAfter >= pagesBefore,
      read: readWith((frame) => inWal(path, (again) => again.content(frame)) ?? Buffer.alloc(wal.pageSize)),
    };
  });
}

/** An empty log may have been emptied since. */
function isInLog(earlier: WalMark, { salt, frames }: WalMark): boolean {
  return earlier.salt === salt && earlier.frames > 0 && earlier.frames <= frames;
}

/** With which every database begins. */
const magic = 'SQLite format 3\0';

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

function pageIn(file: number, page: number, pageSize: number): Buffer {
  const bytes = Buffer.alloc(pageSize);
  readSync(file, bytes, 0, pageSize, (page - 1) * pageSize);
  return bytes;
}
