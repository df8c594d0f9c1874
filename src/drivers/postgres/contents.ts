import type { Contents, Row, Session, TableColumns } from '../../seams/driver.ts';
import { quoteIdentifier, quoteTable } from './names.ts';
import { underFixedSettings } from './settings.ts';

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
 * Where row security would hide rows from the role, it throws.
 */
export async function postgresContents(session: Session, of: readonly TableRead[]): Promise<Contents> {
  const found = await answers(session, of, ({ table, columns, only }) => {
    const row = `ROW(${columns.map(quoteIdentifier).join(', ')})::text COLLATE "C"`;
    const filter = only === undefined ? '' : ` FILTER (WHERE ${only})`;
    return `count(*) AS rows, coalesce(sum(hashtextextended(${row}, 0))${filter}, 0)::text AS digest FROM ONLY ${quoteTable(table)}`;
  });
  return new Map(
    of.map(({ table }, at) => [
      table,
      { rows: Number(found[at]?.['rows']), digest: `sum64:${String(found[at]?.['digest'])}` },
    ]),
  );
}

/** Exact row counts. Where row security would hide rows from the role, it throws. */
export async function postgresCounts(
  session: Session,
  tables: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const found = await answers(session, tables, (table) => `count(*) AS rows FROM ONLY ${quoteTable(table)}`);
  return new Map(tables.map((table, at) => [table, Number(found[at]?.['rows'])]));
}

/** One row for each, in their order. So many are asked for in one query that a round trip does not count. */
async function answers<T>(session: Session, of: readonly T[], select: (one: T) => string): Promise<readonly Row[]> {
  const found: Row[] = [];
  for (let at = 0; at < of.length; at += together) {
    const selects = of.slice(at, at + together).map((one, place) => `SELECT ${place} AS place, ${select(one)}`);
    const sql = `${selects.join(' UNION ALL ')} ORDER BY place`;
    found.push(...(await underFixedSettings(session, () => session.query(sql))));
  }
  return found;
}

const together = 100;
