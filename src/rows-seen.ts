import type { TableEvidence } from './seams/evidence.ts';

type Compared = Pick<TableEvidence, 'comparedOneIn'>;

/** A number of rows that differ, in words; where not all rows were compared, those are the least that can be. */
export function rowsSeen(table: Compared, seen: number): string {
  const count = fewest(table, seen);
  return `${table.comparedOneIn === undefined ? '' : 'at least '}${count} ${count === 1 ? 'row' : 'rows'}`;
}

/** What is to be said beside it; empty where all rows were compared. */
export function partSeen({ comparedOneIn }: Compared): string {
  return comparedOneIn === undefined ? '' : `one row in ${comparedOneIn} was compared`;
}

/**
 * How many rows differ at the least, where `seen` of those do that were compared: four standard deviations less than is
 * likely, which is as good as certain.
 */
export function fewest({ comparedOneIn = 1 }: Compared, seen: number): number {
  return Math.max(seen, Math.floor(comparedOneIn * (seen - 4 * Math.sqrt(seen))));
}
