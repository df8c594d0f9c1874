import type { HistoryRow } from './seams/records.ts';

/**
 * The row of a migration whose file a person accepted to be gone for good: its checksum is kept behind `gone:`, so that
 * every deployer sees the mark, and a file that comes back is compared with what was applied. A stored format.
 */
export function markedGone(row: HistoryRow): HistoryRow {
  return { ...row, checksum: `${mark}${row.checksum}` };
}

export function isMarkedGone({ checksum }: HistoryRow): boolean {
  return checksum.startsWith(mark);
}

/** The checksum of what was applied, with or without the mark. */
export function appliedChecksum(row: HistoryRow): string {
  return isMarkedGone(row) ? row.checksum.slice(mark.length) : row.checksum;
}

const mark = 'gone:';
