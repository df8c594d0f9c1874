import type { AlterTableStmt, InsertStmt, IntoClause, MergeStmt, Node, SelectStmt } from 'libpg-query';
import { filler } from './executable.ts';
import { executions, runsItsParts } from './executed.ts';
import type { Facts } from './facts.ts';
import { as, everyPart, stringsOf } from './nodes.ts';
import { nameOf, type QualifiedName } from './qualified-name.ts';
import { renamesIn } from './renames.ts';
import { computedColumns, computedResults } from './results.ts';
import type { Statement } from './statements.ts';

/** A column whose values a statement's text sets, in rows that exist or in the copy of a table that is being rebuilt. */
export interface Assignment {
  readonly table: QualifiedName;
  /** `*` where it cannot be told. */
  readonly column: string;
  /** `type`: ALTER COLUMN … TYPE without USING, which changes values only where the new type cannot hold the old. */
  readonly how: 'set' | 'type';
}

/** The columns that an INSERT without a list fills, in their order; undefined where the table is not known. */
export type ColumnsOf = (table: QualifiedName) => readonly string[] | undefined;

/**
 * What each statement of a script assigns, DO blocks and known routines included, under the names that tables and
 * columns have at the script's end.
 */
export function assignmentsIn(
  script: readonly Statement[],
  facts?: Facts,
  columnsOf?: ColumnsOf,
): (statement: Statement) => readonly Assignment[] {
  const executed = executions(script, facts);
  const { lastName, lastColumn } = renamesIn(script, facts);
  return (statement) => {
    const { index } = statement;
    const all = executed(statement).nodes.flatMap((node) => assignedBy(node, columnsOf));
    const renamed = all.map(({ table, column, how }) => ({
      table: lastName(table, index),
      column: lastColumn(table, column, index),
      how,
    }));
    return [...new Map(renamed.map((one) => [JSON.stringify(one), one])).values()];
  };
}

/**
 * One statement's own text, with names as it writes them:
 * - UPDATE, ON CONFLICT DO UPDATE, MERGE: what stands behind SET;
 * - INSERT … SELECT, MERGE … INSERT, CREATE TABLE … AS, SELECT INTO: columns with an expression that is not the column
 *   of the same name. VALUES are new rows and set nothing.
 * - ALTER COLUMN … TYPE and SET EXPRESSION.
 */
export function assignedBy(node: Node, columnsOf?: ColumnsOf): readonly Assignment[] {
  if (!runsItsParts(node)) return [];
  const assignments: Assignment[] = [];
  const set = (table: QualifiedName, columns: readonly string[], how: Assignment['how'] = 'set'): void => {
    if (table.name === filler) return;
    for (const column of columns) assignments.push({ table, column: column === filler ? '*' : column, how });
  };
  for (const [, part] of everyPart(node)) {
    const holder = part as unknown as Node;
    const update = as('UpdateStmt', holder);
    if (update !== undefined) set(nameOf(update.relation), targetsOf(update.targetList));
    const insert = as('InsertStmt', holder);
    if (insert !== undefined) set(nameOf(insert.relation), insertedBy(insert, columnsOf));
    const merge = as('MergeStmt', holder);
    if (merge !== undefined) set(nameOf(merge.relation), mergedBy(merge, columnsOf));
    const altered = as('AlterTableStmt', holder);
    if (altered !== undefined)
      for (const [column, how] of alteredBy(altered)) set(nameOf(altered.relation), [column], how);
    const made = as('CreateTableAsStmt', holder);
    const select = as('SelectStmt', made?.query ?? holder);
    const into = made?.objtype === 'OBJECT_TABLE' ? made.into : select?.intoClause;
    if (into !== undefined && select !== undefined) set(nameOf(into.rel), madeBy(into, select));
  }
  return assignments;
}

function targetsOf(targets: readonly Node[] | undefined): readonly string[] {
  return (targets ?? []).flatMap((target) => as('ResTarget', target)?.name ?? []);
}

function insertedBy({ relation, cols, selectStmt, onConflictClause }: InsertStmt, columnsOf?: ColumnsOf): string[] {
  const select = as('SelectStmt', selectStmt);
  const places = cols === undefined ? columnsOf?.(nameOf(relation)) : targetsOf(cols);
  const named = cols === undefined ? 'elsewhere' : 'here';
  return [
    ...(select === undefined ? [] : computedColumns(select, { places, named })),
    ...targetsOf(onConflictClause?.targetList),
  ];
}

function mergedBy({ relation, mergeWhenClauses = [] }: MergeStmt, columnsOf?: ColumnsOf): readonly string[] {
  return mergeWhenClauses.flatMap((each) => {
    const { commandType, targetList, values = [] } = as('MergeWhenClause', each) ?? {};
    if (commandType !== 'CMD_INSERT') return targetsOf(targetList);
    const places = targetList === undefined ? columnsOf?.(nameOf(relation)) : targetsOf(targetList);
    const results = values.map((val) => ({ val }));
    return computedResults(results, { places, named: targetList === undefined ? 'elsewhere' : 'here' });
  });
}

function madeBy({ colNames }: IntoClause, select: SelectStmt): readonly string[] {
  if (colNames === undefined) return computedColumns(select, { places: undefined, named: 'by results' });
  return computedColumns(select, { places: stringsOf(colNames), named: 'here' });
}

function* alteredBy({ cmds = [] }: AlterTableStmt): Iterable<readonly [column: string, how: Assignment['how']]> {
  for (const each of cmds) {
    const { subtype, name = '', def } = as('AlterTableCmd', each) ?? {};
    if (subtype === 'AT_SetExpression') yield [name, 'set'];
    if (subtype !== 'AT_AlterColumnType') continue;
    yield [name, as('ColumnDef', def)?.raw_default === undefined ? 'type' : 'set'];
  }
}
