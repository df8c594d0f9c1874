import type { Node } from 'libpg-query';
import type { Session } from '../../seams/driver.ts';
import { assignedBy } from './assigns.ts';
import { executions } from './executed.ts';
import type { Facts } from './facts.ts';
import { hooksOf, type Hook, type TableWrite } from './hooks.ts';
import { newColumns } from './new-columns.ts';
import { as } from './nodes.ts';
import { parse, parsePlpgsql } from './parser.ts';
import { quoted, shown, type QualifiedName } from './qualified-name.ts';
import { rowWritesIn } from './row-writes.ts';
import { serverFacts } from './server-facts.ts';
import { statementsOf } from './statements.ts';

/** What triggers, rules and the actions of foreign keys may do when rows are written, and what these set off in turn. */
export interface Fired {
  readonly columns: readonly SetColumn[];
  /** What of it nobody can read, in words. */
  readonly unseen: readonly string[];
}

export interface SetColumn {
  /** As `tableName` says it. */
  readonly table: string;
  /** `*` where it cannot be told which. */
  readonly column: string;
}

/**
 * Asked right before a statement writes rows, because triggers may have been made just before. PL/pgSQL is read by its
 * own grammar; of other languages only a few functions that come with PostgreSQL are known. Conditions (WHEN, IF) are not
 * weighed: it is what may be set.
 */
export async function firedBy(session: Session, facts: Facts, writes: readonly TableWrite[]): Promise<Fired> {
  const columns = new Map<string, SetColumn>();
  const unseen = new Set<string>();
  const own = new Set<TableWrite>(writes);
  const known = new Set(writes.map((write) => JSON.stringify(write)));
  for (let next = writes; next.length > 0;) {
    const more: TableWrite[] = [];
    for (const hook of await hooksOf(session, facts.version ?? 14, next)) {
      const effect = await effectOf(session, facts, hook);
      // What a statement sets of a whole table, it sets of its partitions itself.
      if (hook.what === 'heir' && own.has(hook.by)) own.add(hook.write);
      else for (const column of effect.columns) columns.set(JSON.stringify(column), column);
      for (const what of effect.unseen) unseen.add(what);
      more.push(...effect.writes);
    }
    next = more.filter((write) => !known.has(JSON.stringify(write)));
    for (const write of next) known.add(JSON.stringify(write));
  }
  return { columns: [...columns.values()], unseen: [...unseen] };
}

interface Effect {
  readonly columns: readonly SetColumn[];
  readonly writes: readonly TableWrite[];
  readonly unseen: readonly string[];
}

async function effectOf(session: Session, facts: Facts, hook: Hook): Promise<Effect> {
  switch (hook.what) {
    case 'heir':
    case 'key': {
      const { table, event, columns = [] } = hook.write;
      const set = event === 'update' ? columns.map((column) => ({ table, column })) : [];
      return { columns: set, writes: [hook.write], unseen: [] };
    }
    case 'rule': {
      const parsed = parse(hook.definition);
      const rule = 'unreadable' in parsed ? undefined : as('RuleStmt', parsed.statements[0]?.stmt);
      return { ...(await ofNodes(session, rule?.actions ?? [])), unseen: [] };
    }
    case 'trigger':
      return ofTrigger(session, facts, hook);
  }
}

async function ofTrigger(session: Session, facts: Facts, hook: Hook & { readonly what: 'trigger' }): Promise<Effect> {
  const { name, definition, routine, language, changesRow, args } = hook;
  const { table, event } = hook.by;
  const known = shipped[routine.slice(routine.indexOf('.') + 1)];
  const own = (columns: readonly string[]): readonly SetColumn[] =>
    changesRow && event === 'update' ? columns.map((column) => ({ table, column })) : [];
  if (definition === undefined) {
    if (known !== undefined) return { columns: own(known(args)), writes: [], unseen: [] };
    return { columns: [], writes: [], unseen: [`the trigger ${name} of ${table} runs a function in ${language}`] };
  }
  const tree = parsePlpgsql(definition);
  const script = statementsOf(`SELECT ${routine}()`);
  const [call] = script;
  if (tree === undefined || call === undefined)
    return { columns: [], writes: [], unseen: [`the trigger ${name} of ${table} has a body that cannot be read`] };
  const all = await serverFacts(session, (facts.version ?? 14) * 10_000, script);
  const { nodes, unseen } = executions(script, all)(call);
  const effect = await ofNodes(session, nodes);
  return {
    columns: [...own(newColumns(tree)), ...effect.columns],
    writes: effect.writes,
    unseen: unseen.map((what) => `the trigger ${name} of ${table}: ${what}`),
  };
}

/** Functions in C that come with PostgreSQL or its contributed modules, and the columns that they set. */
const shipped: Readonly<Record<string, (args: readonly string[]) => readonly string[]>> = {
  suppress_redundant_updates_trigger: () => [],
  tsvector_update_trigger: ([column]) => (column === undefined ? [] : [column]),
  tsvector_update_trigger_column: ([column]) => (column === undefined ? [] : [column]),
  moddatetime: ([column]) => (column === undefined ? [] : [column]),
  insert_username: ([column]) => (column === undefined ? [] : [column]),
};

/** What statements inside a trigger or a rule set and write. */
async function ofNodes(session: Session, nodes: readonly Node[]): Promise<Omit<Effect, 'unseen'>> {
  const assigned = nodes.flatMap((node) => assignedBy(node)).filter(({ how }) => how === 'set');
  const written = nodes.flatMap(rowWritesIn);
  const places = await placesOf(
    session,
    [...assigned, ...written].map(({ table }) => table),
  );
  return {
    columns: assigned.flatMap(({ table, column }) =>
      (places.get(shown(table)) ?? []).map((name) => ({ table: name, column })),
    ),
    writes: written.flatMap(({ table, ...write }) =>
      (places.get(shown(table)) ?? []).map((name) => ({ ...write, table: name })),
    ),
  };
}

/**
 * The tables that names in a function can mean: by the session's search_path, else in any schema, because functions have
 * paths of their own.
 */
async function placesOf(
  session: Session,
  names: readonly QualifiedName[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  if (names.length === 0) return new Map();
  const rows = await session.query(
    `SELECT w.name, json_agg(format('%I.%I', n.nspname, c.relname))::text AS tables
       FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS w(name, quoted, schema, bare)
       JOIN pg_catalog.pg_class AS c ON CASE WHEN to_regclass(w.quoted) IS NULL THEN w.schema IS NULL AND c.relname = w.bare ELSE c.oid = to_regclass(w.quoted) END
       JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'p', 'v') AND c.relpersistence <> 't'
      GROUP BY w.name`,
    [names.map(shown), names.map(quoted), names.map(({ schema }) => schema ?? null), names.map(({ name }) => name)],
  );
  return new Map(rows.map((row) => [String(row['name']), JSON.parse(String(row['tables'])) as string[]]));
}
