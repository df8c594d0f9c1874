import type { Session } from '../../seams/driver.ts';
import { quoteIdentifier } from './names.ts';
import type { Relation } from './relations.ts';

/** Room in files that holds nothing, as the extension pgstattuple measures it. */
export interface Waste {
  /** Of B-trees: the share of their leaf pages. */
  readonly bloat: ReadonlyMap<number, number>;
  /** Of tables: rows that are dead and still there. */
  readonly dead: ReadonlyMap<number, number>;
}

/**
 * Measures tables and indexes, the smallest first, until so many bytes would have been read. What is larger is not in the
 * answer, and nothing is where the extension is missing or refuses.
 */
export async function wasteIn(session: Session, relations: Iterable<Relation>, mostBytes: number): Promise<Waste> {
  const schema = await schemaOfExtension(session);
  if (schema === undefined) return nothing;
  const some = [...within(relations, mostBytes)];
  const oids = (kind: string): readonly number[] => some.filter((one) => one.kind === kind).map(({ oid }) => oid);
  try {
    return {
      bloat: await numbersOf(
        session,
        // Not a number where there are no leaf pages.
        `SELECT c.oid::int8 AS oid, 1 - nullif((SELECT avg_leaf_density FROM ${schema}.pgstatindex(c.oid::regclass)), 'NaN') / 100 AS number
           FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_am AS m ON m.oid = c.relam WHERE m.amname = 'btree' AND c.oid = ANY ($1::oid[])`,
        oids('i'),
      ),
      dead: await numbersOf(
        session,
        `SELECT c.oid::int8 AS oid, (SELECT dead_tuple_count FROM ${schema}.pgstattuple_approx(c.oid::regclass))::float8 AS number
           FROM pg_catalog.pg_class AS c WHERE c.oid = ANY ($1::oid[])`,
        oids('r'),
      ),
    };
  } catch {
    // The role may not use it, or an index is damaged: then it is not known.
    return nothing;
  }
}

const nothing: Waste = { bloat: new Map(), dead: new Map() };

function* within(relations: Iterable<Relation>, mostBytes: number): Iterable<Relation> {
  let read = 0;
  for (const relation of [...relations].sort((a, b) => a.bytes - b.bytes)) {
    read += relation.bytes;
    if (read > mostBytes) return;
    if (relation.valid && (relation.kind !== 'i' || relation.bytes > 0)) yield relation;
  }
}

async function numbersOf(session: Session, sql: string, oids: readonly number[]): Promise<ReadonlyMap<number, number>> {
  if (oids.length === 0) return new Map();
  const rows = await session.query(sql, [oids]);
  return new Map(
    rows.flatMap((row) => (row['number'] === null ? [] : [[Number(row['oid']), Number(row['number'])] as const])),
  );
}

async function schemaOfExtension(session: Session): Promise<string | undefined> {
  const [row] = await session.query(
    `SELECT n.nspname AS schema FROM pg_catalog.pg_extension AS e JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace
      WHERE e.extname = 'pgstattuple'`,
  );
  return row === undefined ? undefined : quoteIdentifier(String(row['schema']));
}
