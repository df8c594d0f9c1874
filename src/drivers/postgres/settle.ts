import type { AlterTableStmt, IndexStmt, ReindexStmt } from 'libpg-query';
import type { Row, Session } from '../../seams/driver.ts';
import type { Stretch } from '../../seams/source.ts';
import { inverseOf } from './inverse.ts';
import { as, stringsOf } from './nodes.ts';
import { loadParser } from './parser.ts';
import { nameIn, nameOf, objectName, quoted, shown, type QualifiedName } from './qualified-name.ts';
import { statementsOf, type Statement } from './statements.ts';

export type Settled = 'done' | 'not-done' | 'unknown';

/**
 * What became of a statement that stood alone and was cut short. An index that is left INVALID is dropped, a partition
 * that was half detached is detached; what is harmless to repeat is not done.
 */
export async function settle(session: Session, { sql, alone }: Stretch): Promise<Settled> {
  await loadParser();
  const [statement, ...more] = statementsOf(sql);
  if (statement === undefined || more.length > 0 || !alone) return 'unknown';
  const { node } = statement;
  const index = as('IndexStmt', node);
  if (index !== undefined) return settleIndex(session, index, statement);
  const drop = as('DropStmt', node);
  if (drop !== undefined) return settleDrop(session, (drop.objects ?? []).map(objectName));
  if (as('ReindexStmt', node) !== undefined) {
    await removeInvalid(session, statement);
    return 'not-done';
  }
  const value = as('AlterEnumStmt', node);
  if (value?.newVal !== undefined && value.oldVal === undefined) {
    return settleValue(session, nameIn(stringsOf(value.typeName)), value.newVal);
  }
  const altered = as('AlterTableStmt', node);
  if (altered !== undefined) return settleDetach(session, altered);
  return inverseOf(statement)?.kind === 'nothing' ? 'not-done' : 'unknown';
}

/** Whether there is an exact inverse of it, as far as its text tells. */
export async function undoable({ sql, alone }: Stretch): Promise<boolean> {
  await loadParser();
  const statements = statementsOf(sql);
  if (areSettings(statements)) return true;
  const [statement, ...more] = statements;
  if (statement === undefined || more.length > 0 || !alone) return false;
  const inverse = inverseOf(statement);
  return inverse !== undefined && !(inverse.kind === 'sql' && inverse.unlessItWasThere);
}

/** They are gone with their session. */
function areSettings(statements: readonly Statement[]): boolean {
  return statements.length > 0 && statements.every(({ node }) => as('VariableSetStmt', node) !== undefined);
}

/** Takes back, by its exact inverse, what is there; false where there is none. */
export async function undo(session: Session, stretch: Stretch): Promise<boolean> {
  if (!(await undoable(stretch))) return false;
  const [statement] = statementsOf(stretch.sql);
  const index = statement === undefined ? undefined : as('IndexStmt', statement.node);
  if (index === undefined) return true;
  const found = await indexesNamed(session, index.idxname ?? '', nameOf(index.relation));
  // Of several with that name only one can be ours.
  if (found.length > 1) return false;
  for (const each of found) await dropIndex(session, each);
  return true;
}

/** Drops what a statement that was cut short has left INVALID; answers its name. */
export async function removeInvalid(session: Session, { node }: Statement): Promise<string | undefined> {
  const index = as('IndexStmt', node);
  const found =
    index?.concurrent === true && index.idxname !== undefined
      ? await indexesNamed(session, index.idxname, nameOf(index.relation))
      : await leftoversOf(session, as('ReindexStmt', node));
  const invalid = found.filter(({ valid, building }) => !valid && !building);
  for (const each of invalid) await dropIndex(session, each);
  return invalid.length === 0 ? undefined : invalid.map(({ name }) => shown(name)).join(', ');
}

interface Index {
  readonly name: QualifiedName;
  readonly valid: boolean;
  /** Whether somebody builds an index of that table at this moment, perhaps this one. */
  readonly building: boolean;
}

async function settleIndex(session: Session, index: IndexStmt, statement: Statement): Promise<Settled> {
  // The server makes a name up, and it cannot be told from others.
  if (index.idxname === undefined) return 'unknown';
  const found = await indexesNamed(session, index.idxname, nameOf(index.relation));
  const [only, ...more] = found;
  if (only?.valid === true && more.length === 0) return 'done';
  if (more.length > 0 || only?.building === true) return 'unknown';
  await removeInvalid(session, statement);
  return 'not-done';
}

/** A bare name is looked for in the search path, and elsewhere only where it is not there: a script may set its own. */
async function indexesNamed(session: Session, index: string, table: QualifiedName): Promise<readonly Index[]> {
  const rows = await session.query(
    `${select} WHERE i.relname = $1 AND t.relname = $2 AND ($3::text IS NULL OR n.nspname = $3) ORDER BY pg_table_is_visible(i.oid) DESC`,
    [index, table.name, table.schema ?? null],
  );
  return (rows[0]?.['visible'] === true ? rows.slice(0, 1) : rows).map(indexOf);
}

/** REINDEX CONCURRENTLY builds `…_ccnew` beside the old index, which becomes `…_ccold`. */
async function leftoversOf(session: Session, reindex: ReindexStmt | undefined): Promise<readonly Index[]> {
  if (reindex === undefined) return [];
  const relation = reindex.relation === undefined ? undefined : quoted(nameOf(reindex.relation));
  const rows = await session.query(
    `${select} WHERE i.relname ~ '_cc(new|old)[0-9]*$' AND ($1::text IS NULL OR t.oid = to_regclass($1)
       OR t.oid = (SELECT o.indrelid FROM pg_catalog.pg_index AS o WHERE o.indexrelid = to_regclass($1)))`,
    [relation ?? null],
  );
  return rows.map(indexOf);
}

const select = `SELECT n.nspname AS schema, i.relname AS name, x.indisvalid AND x.indisready AS valid, pg_table_is_visible(i.oid) AS visible,
         EXISTS (SELECT FROM pg_stat_progress_create_index AS p WHERE p.relid = t.oid) AS building
    FROM pg_catalog.pg_index AS x
    JOIN pg_catalog.pg_class AS i ON i.oid = x.indexrelid
    JOIN pg_catalog.pg_namespace AS n ON n.oid = i.relnamespace
    JOIN pg_catalog.pg_class AS t ON t.oid = x.indrelid`;

function indexOf(row: Row): Index {
  return {
    name: { schema: String(row['schema']), name: String(row['name']) },
    valid: row['valid'] === true,
    building: row['building'] === true,
  };
}

async function dropIndex(session: Session, { name }: Index): Promise<void> {
  await session.query(`DROP INDEX CONCURRENTLY IF EXISTS ${quoted(name)}`);
}

async function settleDrop(session: Session, names: readonly QualifiedName[]): Promise<Settled> {
  const rows = await session.query(`SELECT FROM unnest($1::text[]) AS n(name) WHERE to_regclass(n.name) IS NOT NULL`, [
    names.map(quoted),
  ]);
  return rows.length === 0 ? 'done' : 'not-done';
}

async function settleValue(session: Session, type: QualifiedName, value: string): Promise<Settled> {
  const [row] = await session.query(
    `SELECT to_regtype($1) IS NULL AS missing,
            EXISTS (SELECT FROM pg_catalog.pg_enum AS e WHERE e.enumtypid = to_regtype($1) AND e.enumlabel = $2) AS there`,
    [quoted(type), value],
  );
  if (row?.['missing'] === true) return 'unknown';
  return row?.['there'] === true ? 'done' : 'not-done';
}

async function settleDetach(session: Session, { relation, cmds = [] }: AlterTableStmt): Promise<Settled> {
  const command = as('PartitionCmd', as('AlterTableCmd', cmds[0])?.def);
  if (cmds.length !== 1 || command?.concurrent !== true) return 'unknown';
  const [parent, part] = [nameOf(relation), nameOf(command.name)];
  const [row] = await session.query(
    `SELECT i.inhdetachpending AS pending FROM pg_catalog.pg_inherits AS i
      WHERE i.inhparent = to_regclass($1) AND i.inhrelid = to_regclass($2)`,
    [quoted(parent), quoted(part)],
  );
  if (row === undefined) return 'done';
  if (row['pending'] !== true) return 'not-done';
  await session.query(`ALTER TABLE ${quoted(parent)} DETACH PARTITION ${quoted(part)} FINALIZE`);
  return 'done';
}
