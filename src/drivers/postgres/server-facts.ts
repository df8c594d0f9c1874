import type { Row, Session } from '../../seams/driver.ts';
import type { Facts } from './facts.ts';
import { canBeSame, quoted, shown, type QualifiedName } from './qualified-name.ts';
import type { Statement } from './statements.ts';
import { wantedBy } from './wanted.ts';

/** Looks up in the database what the text of a script alone does not tell: a query or two for each depth of calls. */
export async function serverFacts(
  session: Session,
  serverVersion: number,
  script: readonly Statement[],
): Promise<Facts> {
  const definitions = new Map<string, readonly string[]>();
  const kinds = new Map<string, string>();
  const facts: Facts = {
    version: Math.floor(serverVersion / 10_000),
    routines: (name) => definitions.get(shown(name)) ?? [],
    relationKind: (name) => kinds.get(shown(name)),
  };
  const asked = new Set<string>();
  for (;;) {
    const wanted = wantedBy(script, facts);
    const routines = wanted.routines.filter((name) => !definitions.has(shown(name)));
    const relations = wanted.relations.filter((name) => !asked.has(shown(name)));
    for (const name of relations) asked.add(shown(name));
    for (const [name, kind] of await kindsOf(session, relations)) kinds.set(name, kind);
    const found = await definitionsOf(session, routines);
    for (const name of routines) {
      const same = found.filter((row) => canBeSame(name, { schema: String(row['schema']), name: String(row['name']) }));
      definitions.set(
        shown(name),
        same.map((row) => String(row['definition'])),
      );
    }
    if (routines.length === 0) return facts;
  }
}

async function kindsOf(session: Session, names: readonly QualifiedName[]): Promise<readonly [string, string][]> {
  if (names.length === 0) return [];
  const rows = await session.query(
    `SELECT n.name, c.relkind::text AS kind FROM unnest($1::text[], $2::text[]) AS n(name, quoted)
       JOIN pg_catalog.pg_class AS c ON c.oid = to_regclass(n.quoted)`,
    [names.map(shown), names.map(quoted)],
  );
  return rows.map((row) => [String(row['name']), String(row['kind'])]);
}

/** Of any schema: which one a bare name means, the script itself may change. */
async function definitionsOf(session: Session, names: readonly QualifiedName[]): Promise<readonly Row[]> {
  if (names.length === 0) return [];
  return session.query(
    `SELECT n.nspname AS schema, p.proname AS name, pg_get_functiondef(p.oid) AS definition
       FROM pg_catalog.pg_proc AS p JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
       JOIN pg_catalog.pg_language AS l ON l.oid = p.prolang
      WHERE p.proname = ANY ($1::name[]) AND p.prokind IN ('f', 'p') AND l.lanname IN ('sql', 'plpgsql')
        AND n.nspname <> 'pg_catalog'`,
    [names.map(({ name }) => name)],
  );
}
