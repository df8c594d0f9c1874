import type { Session } from '../../seams/driver.ts';
import { as, stringsOf } from './nodes.ts';
import { parse } from './parser.ts';
import { nameOf, quoted, shown, type QualifiedName } from './qualified-name.ts';

/** The table that PostgreSQL itself writes where a statement names a view. */
export interface Beneath {
  readonly table: QualifiedName;
  /** The table's column for each of the view's that is one. */
  readonly columns: ReadonlyMap<string, string>;
}

/**
 * The views among the named relations, each with the one table beneath it, also through views of views. Undefined where
 * that cannot be told, or where a trigger or a rule of a view decides what is written.
 */
export async function viewsAmong(
  session: Session,
  names: readonly QualifiedName[],
): Promise<ReadonlyMap<string, Beneath | undefined>> {
  const rows = names.length === 0 ? [] : await session.query(query, [names.map(shown), names.map(quoted)]);
  const views = new Map(
    rows.map((row) => {
      const columns = JSON.parse(String(row['columns'])) as string[];
      return [String(row['name']), row['simple'] === true ? beneath(String(row['definition']), columns) : undefined];
    }),
  );
  if (views.size === 0) return views;
  const deeper = await viewsAmong(
    session,
    [...views.values()].flatMap((view) => view?.table ?? []),
  );
  return new Map([...views].map(([name, view]) => [name, view && through(view, deeper)]));
}

/** Rules and triggers of its own apart, a view can be written where PostgreSQL says so: of one relation, row for row. */
const query = `
  SELECT n.name, pg_catalog.pg_get_viewdef(c.oid) AS definition,
         pg_catalog.pg_relation_is_updatable(c.oid, false) & 4 = 4
           AND NOT EXISTS (SELECT FROM pg_catalog.pg_rewrite AS r WHERE r.ev_class = c.oid AND r.ev_type <> '1')
           AND NOT EXISTS (SELECT FROM pg_catalog.pg_trigger AS t WHERE t.tgrelid = c.oid) AS simple,
         (SELECT coalesce(json_agg(a.attname ORDER BY a.attnum), '[]')::text FROM pg_catalog.pg_attribute AS a
           WHERE a.attrelid = c.oid AND a.attnum > 0) AS columns
    FROM unnest($1::text[], $2::text[]) AS n(name, quoted)
    JOIN pg_catalog.pg_class AS c ON c.oid = to_regclass(n.quoted) AND c.relkind = 'v'`;

/** By the definition that the server gives: names in it mean what they mean in this session. */
function beneath(definition: string, names: readonly string[]): Beneath | undefined {
  const parsed = parse(definition);
  const select = 'unreadable' in parsed ? undefined : as('SelectStmt', parsed.statements[0]?.stmt);
  const [from, ...more] = select?.fromClause ?? [];
  const relation = as('RangeVar', from);
  const targets = select?.targetList ?? [];
  // An alias with a list of columns gives the table's other names.
  if (relation === undefined || more.length > 0 || relation.alias?.colnames !== undefined) return undefined;
  if (targets.length !== names.length) return undefined;
  const columns = targets.flatMap((target, at) => {
    const fields = as('ColumnRef', as('ResTarget', target)?.val)?.fields;
    const column = stringsOf(fields).at(-1);
    return column === undefined ? [] : [[names[at] ?? '', column] as const];
  });
  return { table: nameOf(relation), columns: new Map(columns) };
}

function through({ table, columns }: Beneath, deeper: ReadonlyMap<string, Beneath | undefined>): Beneath | undefined {
  if (!deeper.has(shown(table))) return { table, columns };
  const below = deeper.get(shown(table));
  if (below === undefined) return undefined;
  const last = [...columns].flatMap(([name, column]) => {
    const own = below.columns.get(column);
    return own === undefined ? [] : [[name, own] as const];
  });
  return { table: below.table, columns: new Map(last) };
}
