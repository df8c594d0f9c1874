import type { Row, Session } from '../../seams/driver.ts';
import type { Both } from './lanes.ts';

/** One state of a table, in SQL. */
export interface Rows {
  /** FROM and WHERE. */
  readonly from: string;
  /** The text that tells a row from others. */
  readonly key: string;
  /** The text of all that is compared of a row. */
  readonly text: string;
}

/**
 * A condition, for each state, on the rows that may differ: rows are thrown into buckets by their keys, and those buckets
 * are left out that have equal digests. So a few changes in a large table are found without sorting it. Two passes over
 * the table; where it is small, or most buckets differ, the condition is `true`.
 */
export async function rowsInDoubt(
  both: Both,
  before: Rows,
  after: Rows,
  rows: number,
): Promise<Readonly<Record<'before' | 'after', string>>> {
  const buckets = Math.min(mostBuckets, Math.floor(rows / rowsInBucket));
  if (buckets < fewestBuckets) return everything;
  const [old, now] = await Promise.all([digests(both.before, before, buckets), digests(both.after, after, buckets)]);
  const differ = [...new Set([...old.keys(), ...now.keys()])].filter((bucket) => old.get(bucket) !== now.get(bucket));
  if (differ.length > buckets / 2) return everything;
  const among = ({ key }: Rows): string => `${bucketOf(key, buckets)} = ANY ('{${differ.join(',')}}'::int4[])`;
  return { before: among(before), after: among(after) };
}

const everything = { before: 'true', after: 'true' };

/** As many as can be kept in memory here and there. */
const mostBuckets = 2 ** 17;
const rowsInBucket = 32;
const fewestBuckets = 1000;

async function digests(session: Session, { from, key, text }: Rows, buckets: number): Promise<Map<number, string>> {
  const found: readonly Row[] = await session.query(
    `SELECT ${bucketOf(key, buckets)} AS bucket, count(*) || ' ' || sum(hashtextextended(${text}, 0)) AS digest ${from} GROUP BY bucket`,
  );
  return new Map(found.map((row) => [Number(row['bucket']), String(row['digest'])]));
}

/** Seeded, so that it does not follow the choice of a sample. */
function bucketOf(key: string, buckets: number): string {
  return `mod(hashtextextended(${key}, 1), ${buckets})::int4`;
}
