import type { Session } from '../../seams/driver.ts';
import type { IndexEvidence } from '../../seams/evidence.ts';
import { quoteIdentifier, quoteTable } from './names.ts';
import { hasNewFile, type Relation } from './relations.ts';
import type { State } from './state.ts';

/**
 * The indexes whose size or file changed. Bloat is the share of its leaf pages' space that holds nothing; it is there
 * where the extension pgstattuple is installed, for B-trees up to a gigabyte, which are read for it.
 */
export async function indexEvidence(session: Session, before: State, after: State): Promise<readonly IndexEvidence[]> {
  const all = new Set([...before.relations.keys(), ...after.relations.keys()]);
  const changed = [...all].flatMap((oid): readonly (IndexEvidence & { readonly now: Relation | undefined })[] => {
    const [was, now] = [before.relations.get(oid), after.relations.get(oid)];
    const index = now ?? was;
    if (index?.kind !== 'i' || (was?.bytes === now?.bytes && !hasNewFile(was, now))) return [];
    const bytesBefore = was === undefined ? {} : { bytesBefore: was.bytes };
    return [{ index: index.name, ...bytesBefore, ...(now === undefined ? {} : { bytesAfter: now.bytes }), now }];
  });
  const place = changed.length > 0 ? await schemaOfExtension(session) : undefined;
  const evidence: IndexEvidence[] = [];
  for (const { now, ...one } of changed) {
    const bloat = place === undefined || now === undefined ? undefined : await bloatOf(session, place, now);
    evidence.push({ ...one, ...(bloat === undefined ? {} : { bloat }) });
  }
  return evidence;
}

const mostBytes = 2 ** 30;

async function schemaOfExtension(session: Session): Promise<string | undefined> {
  const [row] = await session.query(
    `SELECT n.nspname AS schema FROM pg_catalog.pg_extension AS e JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace
      WHERE e.extname = 'pgstattuple'`,
  );
  return row === undefined ? undefined : String(row['schema']);
}

async function bloatOf(
  session: Session,
  schema: string,
  { name, bytes, valid }: Relation,
): Promise<number | undefined> {
  if (!valid || bytes === 0 || bytes > mostBytes) return undefined;
  const [row] = await session.query(
    `SELECT (SELECT avg_leaf_density FROM ${quoteIdentifier(schema)}.pgstatindex(c.oid::regclass)) AS density
       FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_am AS m ON m.oid = c.relam
      WHERE m.amname = 'btree' AND c.oid = to_regclass($1)`,
    [quoteTable(name)],
  );
  const density = row?.['density'];
  // Not a number where there are no leaf pages.
  return typeof density === 'number' && density >= 0 ? Math.round(100 - density) / 100 : undefined;
}
