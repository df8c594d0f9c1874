import type { Row, Session } from '../../seams/driver.ts';
import type { StatementEvidence } from '../../seams/evidence.ts';
import { assignmentsIn, type Assignment, type ColumnsOf } from './assigns.ts';
import { executions, type Executed } from './executed.ts';
import type { Facts } from './facts.ts';
import { firedBy, type Fired } from './fired.ts';
import { tableName, tableParts } from './names.ts';
import { as, kindOf, type NodeKind } from './nodes.ts';
import { quoted, shown, type QualifiedName } from './qualified-name.ts';
import { renamesIn } from './renames.ts';
import { rowWritesIn, type RowWrite } from './row-writes.ts';
import { viewsAmong, type Beneath } from './simple-views.ts';
import type { Statement } from './statements.ts';
import { writtenIn } from './wanted.ts';

/** What a statement does to rows, as far as its text and the catalog tell, asked right before it runs. */
export type Effects = Pick<StatementEvidence, 'writes' | 'removes' | 'assigns' | 'triggered' | 'unseen'>;

/** Reads a script once; tables have the names that they have at its end. */
export function effectsIn(
  script: readonly Statement[],
  facts: Facts,
): (session: Session, statement: Statement) => Promise<Effects> {
  const executed = executions(script, facts);
  const { lastName, lastColumn } = renamesIn(script, facts);
  const columns = new Map<string, readonly string[]>();
  const known: ColumnsOf = (table) => columns.get(shown(table));
  const assigned = assignmentsIn(script, facts, known);
  // A script of thousands of INSERTs asks the same again and again.
  const asked = new Map<string, Asked>();
  return async (session, statement) => {
    const run = executed(statement);
    const names = run.nodes.flatMap(writtenIn);
    const key = names.length === 0 ? '' : JSON.stringify(run.nodes.flatMap(rowWritesIn));
    const answer = asked.get(key) ?? (await ask(session, facts, run, names));
    const { places, fired, views } = answer;
    if (run.nodes.every((node) => onlyRows.includes(kindOf(node)))) asked.set(key, answer);
    else asked.clear();
    for (const [name, place] of places) columns.set(name, place.columns);
    const sets = assigned(statement).flatMap((one) => {
      if (one.how !== 'set') return [];
      const view = views.get(shown(one.table));
      if (view === undefined) return [one];
      const column = view.columns.get(one.column) ?? '*';
      const [table, index] = [view.table, statement.index];
      return [{ table: lastName(table, index), column: lastColumn(table, column, index) }];
    });
    const ends = await endsOf(session, sets);
    const assigns = sets.flatMap(({ table, column }) => {
      const place = places.get(shown(table));
      const found = place?.table ?? ends.get(shown(table));
      return found === undefined ? [] : [found, ...(place?.heirs ?? [])].map((name) => `${name}.${column}`);
    });
    const written = names.map((name) => views.get(shown(name))?.table ?? name);
    const writes = reachedBy(run, written, places);
    const removes = emptiedBy(run, written, places);
    const named = (those: readonly QualifiedName[]): readonly string[] => [
      ...new Set(those.map((place) => lastPlace(place, statement, lastName))),
    ];
    const triggered = fired.columns.map(({ table, column }) => {
      const { schema, table: name } = tableParts(table);
      const now = lastColumn({ schema, name }, column, statement.index);
      return `${lastPlace({ schema, name }, statement, lastName)}.${now}`;
    });
    return {
      assigns: [...new Set(assigns)],
      ...(triggered.length === 0 ? {} : { triggered: [...new Set(triggered)] }),
      ...(run.unseen.length + fired.unseen.length === 0 ? {} : { unseen: [...run.unseen, ...fired.unseen] }),
      ...(writes === undefined ? {} : { writes: named(writes) }),
      ...(removes === undefined ? {} : { removes: named(removes) }),
    };
  };
}

interface Asked {
  readonly places: ReadonlyMap<string, Place>;
  readonly fired: Fired;
  readonly views: ReadonlyMap<string, Beneath | undefined>;
}

async function ask(session: Session, facts: Facts, run: Executed, names: readonly QualifiedName[]): Promise<Asked> {
  const named = await placesOf(session, names);
  const hasViews = [...named.values()].some(({ isView }) => isView);
  const views = hasViews ? await viewsAmong(session, names) : new Map<string, Beneath | undefined>();
  const tables = [...views.values()].flatMap((view) => view?.table ?? []);
  const places = new Map([...named, ...(await placesOf(session, tables))]);
  if (![...places.values()].some(({ fires }) => fires)) return { places, fired: { columns: [], unseen: [] }, views };
  const writes = run.nodes.flatMap(rowWritesIn).flatMap((write) => {
    const { table, ...through } = throughView(write, views);
    const place = places.get(shown(table));
    return place === undefined ? [] : [{ ...through, table: place.table }];
  });
  return { places, fired: await firedBy(session, facts, writes), views };
}

function throughView(write: RowWrite, views: Asked['views']): RowWrite {
  const view = views.get(shown(write.table));
  if (view === undefined) return write;
  const columns = write.columns?.flatMap((column) => view.columns.get(column) ?? []);
  const areKnown = columns?.length === write.columns?.length;
  return { event: write.event, table: view.table, ...(columns !== undefined && areKnown ? { columns } : {}) };
}

interface Place {
  readonly table: string;
  readonly columns: readonly string[];
  /** Its partitions and children, at whatever depth. */
  readonly heirs: readonly string[];
  readonly isView: boolean;
  /** Whether there is anything at all that a write of it can set off. */
  readonly fires: boolean;
  /** Tables that a write of it can reach, itself included; undefined where that cannot be known. */
  readonly reached: readonly QualifiedName[] | undefined;
}

/** Through partitions, children and the actions of foreign keys. What triggers and rules write nobody can tell. */
async function placesOf(session: Session, names: readonly QualifiedName[]): Promise<ReadonlyMap<string, Place>> {
  if (names.length === 0) return new Map();
  const rows = await session.query(
    `WITH RECURSIVE named AS MATERIALIZED (
       SELECT n.name, to_regclass(n.quoted)::oid AS oid FROM unnest($1::text[], $2::text[]) AS n(name, quoted)),
     reached(name, oid, heir) AS (
       SELECT name, oid, true FROM named WHERE oid IS NOT NULL
        UNION
       SELECT r.name, next.oid, r.heir AND next.heir FROM reached AS r CROSS JOIN LATERAL (
         SELECT i.inhrelid, true FROM pg_catalog.pg_inherits AS i WHERE i.inhparent = r.oid
          UNION ALL
         SELECT f.conrelid, false FROM pg_catalog.pg_constraint AS f
          WHERE f.confrelid = r.oid AND f.contype = 'f' AND (f.confdeltype IN ('c', 'n', 'd') OR f.confupdtype IN ('c', 'n', 'd'))
       ) AS next(oid, heir))
     SELECT r.name, r.heir AND r.oid = (SELECT m.oid FROM named AS m WHERE m.name = r.name LIMIT 1) AS itself, r.heir, n.nspname AS schema, c.relname AS table,
            c.relkind = 'r' AND c.relpersistence <> 't' AS plain, c.relpersistence = 't' AS temporary, c.relkind = 'v' AS view,
            c.relkind IN ('v', 'f') OR EXISTS (SELECT FROM pg_catalog.pg_trigger AS t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal AND t.tgenabled <> 'D')
              OR (c.relhasrules AND c.relkind <> 'v') AS unknown,
            (SELECT coalesce(json_agg(a.attname ORDER BY a.attnum), '[]')::text FROM pg_catalog.pg_attribute AS a
              WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns
       FROM reached AS r JOIN pg_catalog.pg_class AS c ON c.oid = r.oid JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace`,
    [names.map(shown), names.map(quoted)],
  );
  const places = new Map<string, Place>();
  for (const name of names.map(shown)) {
    const own = rows.filter((row) => row['name'] === name);
    const itself = own.find((row) => row['itself'] === true);
    if (itself === undefined) continue;
    const heirs = own.filter((row) => row['heir'] === true && row !== itself);
    places.set(name, {
      table: tableIn(itself),
      heirs: heirs.map(tableIn),
      isView: itself['view'] === true,
      fires: own.some((row) => row['unknown'] === true || row['heir'] !== true),
      columns: JSON.parse(String(itself['columns'])) as string[],
      reached: own.some((row) => row['unknown'] === true)
        ? undefined
        : own
            .filter((row) => row['plain'] === true)
            .map((row) => ({ schema: String(row['schema']), name: String(row['table']) })),
    });
  }
  return places;
}

function tableIn(row: Row): string {
  return tableName({ schema: String(row['schema']), table: String(row['table']) });
}

/** Tables that are not there yet, or have another name now: a bare name is taken for one in the schema at hand. */
async function endsOf(
  session: Session,
  sets: readonly Pick<Assignment, 'table'>[],
): Promise<ReadonlyMap<string, string>> {
  const names = sets.map(({ table }) => table);
  if (names.length === 0) return new Map();
  const rows = await session.query(
    `SELECT n.name, coalesce(s.nspname, n.schema, current_schema())::text AS schema, c.relpersistence = 't' AS temporary
       FROM unnest($1::text[], $2::text[], $3::text[]) AS n(name, quoted, schema)
       LEFT JOIN pg_catalog.pg_class AS c ON c.oid = to_regclass(n.quoted)
       LEFT JOIN pg_catalog.pg_namespace AS s ON s.oid = c.relnamespace`,
    [names.map(shown), names.map(quoted), names.map(({ schema }) => schema ?? null)],
  );
  const schemas = new Map(
    rows.flatMap((row) => (row['temporary'] === true ? [] : [[String(row['name']), String(row['schema'])] as const])),
  );
  return new Map(
    names.flatMap((name) => {
      const schema = schemas.get(shown(name));
      return schema === undefined ? [] : [[shown(name), tableName({ schema, table: name.name })] as const];
    }),
  );
}

/** Undefined where it cannot be known. */
function reachedBy(
  { nodes, unseen }: Executed,
  names: readonly QualifiedName[],
  places: ReadonlyMap<string, Place>,
): readonly QualifiedName[] | undefined {
  if (unseen.length > 0 || !nodes.every((node) => seen.includes(kindOf(node)))) return undefined;
  return reachedFrom(nodes, names, places);
}

function reachedFrom(
  nodes: Executed['nodes'],
  names: readonly QualifiedName[],
  places: ReadonlyMap<string, Place>,
): readonly QualifiedName[] | undefined {
  if (nodes.some((node) => as('TruncateStmt', node)?.behavior === 'DROP_CASCADE')) return undefined;
  const reached = names.map((name) => places.get(shown(name))?.reached);
  return reached.every((some) => some !== undefined) ? reached.flat() : undefined;
}

/** Tables that rows may be taken from; undefined where it cannot be known. An update moves rows between partitions. */
function emptiedBy(
  { nodes, unseen }: Executed,
  names: readonly QualifiedName[],
  places: ReadonlyMap<string, Place>,
): readonly QualifiedName[] | undefined {
  if (unseen.length > 0 || !nodes.every((node) => keepingNames.includes(kindOf(node)))) return undefined;
  const reached = reachedFrom(nodes, names, places);
  const takes =
    nodes.flatMap(rowWritesIn).some(({ event }) => event === 'delete' || event === 'truncate') ||
    names.some((name) => (places.get(shown(name))?.heirs.length ?? 0) > 0);
  return takes ? reached : reached?.slice(0, 0);
}

/** These change no definition, where they call no function that does. */
const onlyRows: readonly NodeKind[] = ['InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt', 'CopyStmt'];

/** All that these do to rows is in their text. */
const seen: readonly NodeKind[] = [
  ...onlyRows,
  ...(['SelectStmt', 'TruncateStmt'] as const),
  ...(['CommentStmt', 'GrantStmt', 'VariableSetStmt', 'CreateStmt', 'IndexStmt', 'ViewStmt', 'DoStmt'] as const),
  ...(['CreateFunctionStmt', 'CreateTrigStmt', 'CreateSchemaStmt', 'CreateEnumStmt', 'CreateSeqStmt'] as const),
];

/** No table comes to have the rows of another by these. */
const keepingNames: readonly NodeKind[] = [...seen, 'AlterTableStmt'];

function lastPlace(
  place: QualifiedName,
  { index }: Statement,
  lastName: (table: QualifiedName, after: number) => QualifiedName,
): string {
  const { schema = '', name } = lastName(place, index);
  return tableName({ schema, table: name });
}
