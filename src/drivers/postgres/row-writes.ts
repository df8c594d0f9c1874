import type { MergeStmt, Node } from 'libpg-query';
import { runsItsParts } from './executed.ts';
import { as, everyPart } from './nodes.ts';
import { nameOf, type QualifiedName } from './qualified-name.ts';

export type RowEvent = 'insert' | 'update' | 'delete' | 'truncate';

/** Rows of a table that a statement's own text writes. */
export interface RowWrite {
  readonly table: QualifiedName;
  readonly event: RowEvent;
  /** Of an update: the columns that it sets, by which triggers are chosen. Absent where they are not known. */
  readonly columns?: readonly string[];
}

export function rowWritesIn(node: Node): readonly RowWrite[] {
  if (!runsItsParts(node)) return [];
  const writes: RowWrite[] = [];
  const add = (table: QualifiedName, event: RowEvent, targets?: readonly Node[]): void => {
    const columns = targets?.flatMap((target) => as('ResTarget', target)?.name ?? []);
    writes.push({ table, event, ...(columns === undefined ? {} : { columns }) });
  };
  for (const [, part] of everyPart(node)) {
    const holder = part as unknown as Node;
    const insert = as('InsertStmt', holder);
    if (insert !== undefined) {
      add(nameOf(insert.relation), 'insert');
      const { action, targetList } = insert.onConflictClause ?? {};
      if (action === 'ONCONFLICT_UPDATE') add(nameOf(insert.relation), 'update', targetList);
    }
    const update = as('UpdateStmt', holder);
    if (update !== undefined) add(nameOf(update.relation), 'update', update.targetList ?? []);
    const removal = as('DeleteStmt', holder);
    if (removal !== undefined) add(nameOf(removal.relation), 'delete');
    const merge = as('MergeStmt', holder);
    for (const [event, targets] of merge === undefined ? [] : mergedBy(merge))
      add(nameOf(merge?.relation), event, targets);
    for (const table of as('TruncateStmt', holder)?.relations ?? []) add(nameOf(as('RangeVar', table)), 'truncate');
    const copy = as('CopyStmt', holder);
    if (copy?.is_from === true) add(nameOf(copy.relation), 'insert');
  }
  return writes;
}

function* mergedBy({ mergeWhenClauses = [] }: MergeStmt): Iterable<readonly [RowEvent, (readonly Node[])?]> {
  for (const each of mergeWhenClauses) {
    const { commandType, targetList = [] } = as('MergeWhenClause', each) ?? {};
    if (commandType === 'CMD_INSERT') yield ['insert'];
    if (commandType === 'CMD_UPDATE') yield ['update', targetList];
    if (commandType === 'CMD_DELETE') yield ['delete'];
  }
}
