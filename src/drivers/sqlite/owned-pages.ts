import { overflowsOf } from './overflow.ts';

/**
 * Whether all of some pages, which may hold what is long in a row, are known to belong to no row on a page that was not
 * written. Each page of a database belongs to one row, one tree or the list of free pages: where that is a row on a page
 * that was written, or the list, it is no other row's. `read` gives pages as they are now.
 */
export function ownedByWritten(
  pages: ReadonlySet<number>,
  written: Iterable<number>,
  read: (page: number) => Buffer,
): boolean {
  const left = new Set(pages);
  if (left.size === 0) return true;
  const first = read(1);
  // With auto_vacuum there are pages that list owners, and are told from pages of trees by their place alone.
  if (first.readUInt32BE(autoVacuumAt) !== 0) return false;
  const follow = (start: number): void => {
    const seen = new Set<number>();
    for (let page = start; page !== 0 && !seen.has(page); page = read(page).readUInt32BE(0)) {
      if (left.size === 0 || seen.size > mostFollowed) return;
      seen.add(page);
      left.delete(page);
    }
  };
  follow(first.readUInt32BE(freeListAt));
  const usable = first.length - first.readUInt8(reservedAt);
  for (const page of written) {
    if (left.size === 0) return true;
    if (pages.has(page)) continue;
    for (const overflow of overflowsOf(read(page), page === 1 ? headerBytes : 0, usable)) follow(overflow);
  }
  return left.size === 0;
}

/** Places in the header of a database, on its first page. */
const reservedAt = 20;
const freeListAt = 32;
const autoVacuumAt = 52;
const headerBytes = 100;

/** Of one chain of pages. */
const mostFollowed = 25_000;
