import type { Row } from '../../seams/driver.ts';
import { rowsInDoubt, type Rows } from './compare-buckets.ts';
import type { ColumnPair } from './compare-pairs.ts';
import type { Both } from './lanes.ts';
import { quoteIdentifier, quoteTable } from './names.ts';

/** The rows of one table in both states. */
export interface RowPair {
  readonly before: string;
  readonly after: string;
  readonly columns: readonly ColumnPair[];
  /** One row in so many is compared: whatever is found is found among those. */
  readonly oneIn: number;
  /** How many there are, of the state that has more. */
  readonly count: number;
}

export interface RowDifferences {
  readonly gone: number;
  readonly added: number;
  /** By the name of the column after; without zeros. */
  readonly values: ReadonlyMap<string, number>;
}

/**
 * By key: both sides stream a digest of each row's key with a hash of every column, in the order of the digests, which
 * is the same whatever collations the servers have. Both sides are computed and sorted by the servers; here they are
 * only merged. Of a large table only the rows that may differ are.
 */
export async function differencesByKey(both: Both, rows: RowPair, key: readonly ColumnPair[]): Promise<RowDifferences> {
  const others = rows.columns.filter((column) => !key.includes(column));
  const values = new Map<string, number>();
  let [gone, added] = [0, 0];
  const exact = others.filter(({ before, after }) => before.type === after.type).length === others.length;
  const doubtful = exact ? await inDoubt(both, rows, key) : undefined;
  const select = (side: 'before' | 'after', cast: boolean): string =>
    `SELECT md5(${rowText(key, side)}) COLLATE "C" AS k, concat_ws(' ', ${['NULL', ...others.map((column) => `hashtextextended(${valueText(column, side, cast)}, 0)`)].join(', ')}) AS h
       ${from(rows, side, key)} AND ${doubtful?.[side] ?? 'true'} ORDER BY k`;
  const compare = async (cast: boolean): Promise<void> => {
    [gone, added] = [0, 0];
    values.clear();
    for await (const [before, after] of merged(both, select('before', cast), select('after', cast))) {
      if (after === undefined) gone += 1;
      else if (before === undefined) added += 1;
      else if (before['h'] !== after['h']) countChanged(values, others, String(before['h']), String(after['h']));
    }
  };
  if (exact) await compare(false);
  // Not every type can be cast back to what it was, nor every value.
  else
    await orElse(
      both,
      () => compare(true),
      () => compare(false),
    );
  return { gone, added, values };
}

function countChanged(
  values: Map<string, number>,
  columns: readonly ColumnPair[],
  before: string,
  after: string,
): void {
  const [old, now] = [before.split(' '), after.split(' ')];
  for (const [at, { after: column }] of columns.entries())
    if (old[at] !== now[at]) values.set(column.name, (values.get(column.name) ?? 0) + 1);
}

/** Without an identity only values tell: how often each row stands in one state more often than in the other. */
export async function differencesByValue(both: Both, rows: RowPair): Promise<RowDifferences> {
  let [gone, added] = [0, 0];
  const doubtful = await inDoubt(both, rows, rows.columns);
  const select = (side: 'before' | 'after'): string =>
    `SELECT md5(${rowText(rows.columns, side)}) COLLATE "C" AS k, count(*)::float8 AS n ${from(rows, side, rows.columns)} AND ${doubtful[side]} GROUP BY k ORDER BY k`;
  for await (const [before, after] of merged(both, select('before'), select('after'))) {
    const more = Number(before?.['n'] ?? 0) - Number(after?.['n'] ?? 0);
    if (more > 0) gone += more;
    else added -= more;
  }
  return { gone, added, values: new Map() };
}

/**
 * Chooses one row in so many by the text of some columns: the same rows in both states, and always the same. Rows with
 * one text are chosen together.
 */
export function isChosen(by: readonly ColumnPair[], side: 'before' | 'after', oneIn: number): string {
  return oneIn === 1 ? 'true' : `mod(hashtextextended(${rowText(by, side)} COLLATE "C", 0), ${oneIn}) = 0`;
}

/** Of the rows that are compared. */
function from(rows: RowPair, side: 'before' | 'after', key: readonly ColumnPair[]): string {
  return `FROM ONLY ${quoteTable(rows[side])} WHERE ${isChosen(key, side, rows.oneIn)}`;
}

function inDoubt(both: Both, rows: RowPair, key: readonly ColumnPair[]): ReturnType<typeof rowsInDoubt> {
  const of = (side: 'before' | 'after'): Rows => ({
    from: from(rows, side, key),
    key: `${rowText(key, side)} COLLATE "C"`,
    text: `${rowText(rows.columns, side)} COLLATE "C"`,
  });
  return rowsInDoubt(both, of('before'), of('after'), rows.count / rows.oneIn);
}

/** Whether some columns tell all rows of a table apart, of those that are compared. */
export async function areUnique(
  both: Both,
  side: 'before' | 'after',
  rows: RowPair,
  columns: readonly ColumnPair[],
): Promise<boolean> {
  const names = columns.map((column) => quoteIdentifier(column[side].name));
  const [row] = await both[side].query(
    `SELECT count(*) = count(DISTINCT md5(${rowText(columns, side)})) AND coalesce(bool_and((${names.map((name) => `${name} IS NOT NULL`).join(' AND ')})), true) AS unique
       ${from(rows, side, columns)}`,
  );
  return row?.['unique'] === true;
}

/** Runs the other way where the first fails for a reason that lies in the query or in values. */
async function orElse(both: Both, first: () => Promise<void>, other: () => Promise<void>): Promise<void> {
  const each = (sql: string): Promise<unknown> => Promise.all([both.before.query(sql), both.after.query(sql)]);
  await each('SAVEPOINT forerun_comparing');
  try {
    await first();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (!/^(?:42|22)/.test(code)) throw error;
    await each('ROLLBACK TO SAVEPOINT forerun_comparing');
    await other();
  }
  await each('RELEASE SAVEPOINT forerun_comparing');
}

/** Rows with the same `k` together; both sides are in its order. */
async function* merged(
  both: Both,
  before: string,
  after: string,
): AsyncIterable<readonly [before: Row | undefined, after: Row | undefined]> {
  const [left, right] = [both.before.rows(before), both.after.rows(after)].map((rows) =>
    rows[Symbol.asyncIterator](),
  ) as [AsyncIterator<Row>, AsyncIterator<Row>];
  try {
    let [old, now] = await Promise.all([next(left), next(right)]);
    while (old !== undefined || now !== undefined) {
      const [a, b] = [keyOf(old), keyOf(now)];
      if (a === b) {
        yield [old, now];
        [old, now] = await Promise.all([next(left), next(right)]);
      } else if (b === undefined || (a !== undefined && a < b)) {
        yield [old, undefined];
        old = await next(left);
      } else {
        yield [undefined, now];
        now = await next(right);
      }
    }
  } finally {
    await left.return?.();
    await right.return?.();
  }
}

async function next(rows: AsyncIterator<Row>): Promise<Row | undefined> {
  const { value, done } = (await rows.next()) as IteratorResult<Row, undefined>;
  return done === true ? undefined : value;
}

function keyOf(row: Row | undefined): string | undefined {
  return row === undefined ? undefined : String(row['k']);
}

/** Exact, and with NULL told from the empty text. */
function rowText(columns: readonly ColumnPair[], side: 'before' | 'after'): string {
  return `ROW(${columns.map((column) => quoteIdentifier(column[side].name)).join(', ')})::text`;
}

/** A value of another type is the same if it is what it was when it is cast back: 2 is not what 1.5 was. */
function valueText({ before, after }: ColumnPair, side: 'before' | 'after', cast: boolean): string {
  const name = quoteIdentifier((side === 'before' ? before : after).name);
  return side === 'after' && cast && before.type !== after.type
    ? `ROW(${name}::${before.type})::text`
    : `ROW(${name})::text`;
}
