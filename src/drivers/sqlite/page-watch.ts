import type { TableEvidence } from '../../seams/evidence.ts';
import type { SqliteDatabase } from './client.ts';
import { differingRows, hasNone, type Differing } from './differing-rows.ts';
import type { TablePair } from './pairs.ts';
import { pagesBetween, type Pages } from './pages.ts';
import { quoteIdentifier } from './tokens.ts';
import { NoTree } from './tree-node.ts';
import { walMark, type WalMark } from './wal.ts';

/** Tells from the pages that a migration wrote where the rows of a table can differ, so that the others are not read. */
export interface PageWatch {
  /** Reads the state before. */
  begin(read: () => Promise<void>): Promise<void>;
  /** Call before `main` is read. */
  end(): void;
  /** Call once after `main` was read. */
  look(): PageLook;
}

/** What the pages tell of one migration. */
export interface PageLook {
  /** Undefined where they do not tell of that table. */
  of(pair: TablePair): SeenTable | undefined;
  /** Remembers what was measured of a table after the migration. */
  keep(pair: TablePair, evidence: Pick<TableEvidence, 'rowsAfter' | 'bytesAfter'>): void;
}

export interface SeenTable extends Omit<Differing, 'morePages'> {
  /** Absent where they have to be measured. */
  readonly before?: Sizes;
  readonly moreBytes: number | undefined;
}

export interface Sizes {
  readonly rows: number;
  readonly bytes: number;
}

/** What was measured of the tree at one root page, and when. */
interface Measured {
  readonly sizes: Sizes;
  readonly at: WalMark;
}

/** `file` is a descriptor of the database at `path`, which is a real path. */
export function watchPages(database: SqliteDatabase, path: string, file: number): PageWatch {
  let from: WalMark | undefined;
  let to: WalMark | undefined;
  const measured = new Map<number, Measured>();
  return {
    async begin(read) {
      const mark = walMark(database, path);
      await read();
      from = isSame(mark, walMark(database, path)) ? mark : undefined;
    },
    end() {
      to = walMark(database, path);
    },
    look() {
      const [start, end] = [from, to];
      let looked: { readonly pages: Pages | undefined } | undefined;
      const lookNow = (): Pages | undefined => {
        const pages = start && end && unlessDamaged(() => pagesBetween({ database, path, file }, start, end));
        looked = { pages };
        return pages;
      };
      return {
        of(pair) {
          if (looked === undefined && !isLarge(database, pair)) return undefined;
          const pages = looked === undefined ? lookNow() : looked.pages;
          return pages && seen(pages, pair, measured);
        },
        keep({ after }, { rowsAfter: rows, bytesAfter: bytes }) {
          if (after !== undefined && end !== undefined && rows !== undefined && bytes !== undefined)
            measured.set(after.root, { sizes: { rows, bytes }, at: end });
        },
      };
    },
  };
}

/** To read all of a small table is quicker than to look at pages. */
function isLarge(database: SqliteDatabase, { before }: TablePair): boolean {
  if (before === undefined || before.root === 0) return false;
  const sql = `SELECT 1 FROM before.${quoteIdentifier(before.name)} LIMIT 1 OFFSET ${smallRows}`;
  return database.prepare(sql).get() !== undefined;
}

const smallRows = 2500;

function isSame(one: WalMark | undefined, other: WalMark | undefined): boolean {
  return one !== undefined && one.salt === other?.salt && one.frames === other.frames;
}

/**
 * Only where the definition is the same do the same bytes stand for the same rows; and where an overflow page was
 * written, it may be part of a row whose own page was not.
 */
function seen(
  pages: Pages,
  { before, after, rebuilt, exchanged }: TablePair,
  measured: ReadonlyMap<number, Measured>,
): SeenTable | undefined {
  if (before === undefined || after === undefined || rebuilt || exchanged || !pages.rowsTold) return undefined;
  const same = before.root === after.root && before.sql === after.sql && before.name === after.name;
  if (!same || before.root === 0 || before.rowid === undefined) return undefined;
  const found = unlessDamaged(() => {
    const known = measured.get(before.root);
    const written = known && pages.writtenSince(known.at);
    const sizes = written !== undefined && hasNone(pages, before.root, written) ? known?.sizes : undefined;
    return { ...differingRows(pages, before.root), sizes };
  });
  if (found === undefined || found.ranges.length > mostRanges) return undefined;
  const { ranges, morePages, sizes } = found;
  return {
    ranges,
    ...(sizes === undefined ? {} : { before: sizes }),
    moreBytes: morePages === undefined || !pages.plain ? undefined : morePages * pages.pageSize,
  };
}

/** What is damaged is told by whoever reads all of it. */
function unlessDamaged<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (error instanceof NoTree || error instanceof RangeError) return undefined;
    throw error;
  }
}

const mostRanges = 5000;
