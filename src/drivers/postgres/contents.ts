import type { Contents, Row, Session, TableColumns } from '../../seams/driver.ts';
import { hiddenRows } from './hidden-rows.ts';
import { quoteIdentifier, quoteTable } from './names.ts';
import { hasCode, underFixedSettings } from './settings.ts';

/** A table that is to be read. */
export interface TableRead extends TableColumns {
  /** A condition in SQL: the digest is of those rows alone. All rows are counted. @default all */
  readonly only?: string;
}

/**
 * Row count and digest of some tables, computed by the server in constant memory. The digest is the sum of one 64-bit
 * hash of each row's text, so the order of rows does not count and equal rows do not cancel each other. The text is
 * exact (floats to the last bit, -0, NULL and '' told apart) and does not depend on the session. Digests are
 * comparable between servers of one major version. It tells change, not intent: it is no defence against somebody who
 * seeks collisions.
 *
 * A table whose rows the role may not all see is left out.
 */
export async function postgresContents(session: Session, of: readonly TableRead[]): Promise<Contents> {
  const found = await answers(session, of, ({ table, columns, only }) => {
    const row = `ROW(${columns.map(quoteIdentifier).join(', ')})::text COLLATE "C"`;
    const filter = only === undefined ? '' : ` FILTER (WHERE ${only})`;
    return `count(*) AS rows, coalesce(sum(hashtextextended(${row}, 0))${filter}, 0)::text AS digest FROM ONLY ${quoteTable(table)}`;
  });
  return new Map(
    [...found].map(([table, row]) => [table, { rows: Number(row['rows']), digest: `sum64:${String(row['digest'])}` }]),
  );
}

/** Exact row counts, without those of tables whose rows the role may not all see. */
export async function postgresCounts(
  session: Session,
  tables: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const of = tables.map((table) => ({ table }));
  const found = await answers(session, of, ({ table }) => `count(*) AS rows FROM ONLY ${quoteTable(table)}`);
  return new Map([...found].map(([table, row]) => [table, Number(row['rows'])]));
}

/** One row for each. So many are asked for in one query that a round trip does not count. */
async function answers<T extends { readonly table: string }>(
  session: Session,
  of: readonly T[],
  select: (one: T) => string,
): Promise<ReadonlyMap<string, Row>> {
  const found = new Map<string, Row>();
  for (let at = 0; at < of.length; at += together) {
    const some = of.slice(at, at + together);
    for (const [place, row] of await answersOf(session, some, select)) found.set(some[place]?.table ?? '', row);
  }
  return found;
}

async function answersOf<T extends { readonly table: string }>(
  session: Session,
  of: readonly T[],
  select: (one: T) => string,
): Promise<readonly (readonly [place: number, row: Row])[]> {
  const ask = async (seen: (one: T) => boolean): Promise<readonly (readonly [number, Row])[]> => {
    const selects = of.flatMap((one, place) => (seen(one) ? [`SELECT ${place} AS place, ${select(one)}`] : []));
    if (selects.length === 0) return [];
    const rows = await underFixedSettings(session, () => session.query(selects.join(' UNION ALL ')));
    return rows.map((row) => [Number(row['place']), row]);
  };
  try {
    return await ask(() => true);
  } catch (error) {
    if (!hasCode(error, '42501')) throw error;
    const names = of.map(({ table }) => table);
    const hidden = await underFixedSettings(session, () => hiddenRows(session, names));
    if (hidden.size === 0) throw error;
    return ask(({ table }) => !hidden.has(table));
  }
}

const together = 100;
