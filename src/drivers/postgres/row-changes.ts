import type { StatementEvidence, TableEvidence } from '../../seams/evidence.ts';
import { hasNewFile, isTable, type Counted, type Relation } from './relations.ts';
import type { State } from './state.ts';
import type { ColumnPart, TableParts } from './table-parts.ts';
import { toldUpdates } from './told-updates.ts';

/** A table of which only a comparison with the state before can tell what became of its rows. */
export interface Doubt {
  readonly table: string;
  readonly why: string;
}

export interface RowChanges {
  readonly tables: readonly TableEvidence[];
  readonly doubts: readonly Doubt[];
}

/**
 * What happened to rows, by the server's own counters, which must be complete: every session that wrote has ended or
 * told. They count what was rolled back too, so that only what they say did *not* happen is certain: where no row was
 * deleted, replaced or truncated, none is gone; where none was updated, none has another value. Everything else is a
 * doubt, save updates that told statements explain. `rowsIn` is the exact count after, without tables whose rows cannot
 * all be seen: of those only doubts are told.
 */
export function rowChanges(
  before: State,
  after: State,
  rowsIn: ReadonlyMap<number, number>,
  statements: readonly StatementEvidence[] | undefined,
): RowChanges {
  const tables: TableEvidence[] = [];
  const doubts: Doubt[] = [];
  for (const { oid, was, now, changed } of changedTables(before, after)) {
    const table = (now ?? was)?.name ?? '';
    const rows = now === undefined ? {} : { rowsAfter: rowsIn.get(oid) ?? 0 };
    const sizes = {
      ...(was === undefined ? {} : { bytesBefore: before.bytesOf(was), ...deadBefore(was.counted) }),
      ...(now === undefined ? {} : { bytesAfter: after.bytesOf(now), deadRowsAfter: now.counted.dead }),
    };
    if (was === undefined) {
      const replaces = before.tables.get(table);
      if (replaces?.hasPages === true) doubts.push({ table, why: 'another table had its name before' });
      const rowsBefore = replaces === undefined ? {} : { rowsBefore: 0 };
      if (rowsIn.has(oid)) tables.push({ table, ...rowsBefore, ...rows, ...sizes, changed: (rows.rowsAfter ?? 0) > 0 });
      continue;
    }
    if (now === undefined) {
      // The table that has its name now tells of both.
      if (after.tables.get(table) !== undefined) continue;
      if (was.hasPages) doubts.push({ table, why: 'it was dropped' });
      tables.push({ table, ...(was.hasPages ? {} : { rowsBefore: 0 }), ...sizes, changed: was.hasPages });
      continue;
    }
    const renamedFrom =
      was.name === now.name || before.tables.get(now.name) !== undefined ? {} : { renamedFrom: was.name };
    const isCounted = rowsIn.has(oid);
    const told = tellOf({ was, now, before, after, rows: rowsIn.get(oid) ?? 0, statements });
    const why = told.doubts[0];
    if (why !== undefined) doubts.push({ table, why });
    const { evidence } = told;
    if (isCounted && (changed || why !== undefined)) tables.push({ table, ...renamedFrom, ...evidence, ...sizes });
  }
  return { tables, doubts };
}

/** Tables that were made, dropped, renamed, written, rewritten, or have other columns. */
export function changedTables(before: State, after: State): readonly ChangedTable[] {
  const all = new Set([...before.relations.keys(), ...after.relations.keys()]);
  return [...all].flatMap((oid) => {
    const [was, now] = [before.relations.get(oid), after.relations.get(oid)];
    if (!isTable(was ?? (now as Relation))) return [];
    const changed =
      was === undefined || now === undefined || was.name !== now.name || hasNewFile(was, now) || isWritten(was, now);
    return changed || columnsDiffer(before.parts.get(oid), after.parts.get(oid)) ? [{ oid, was, now, changed }] : [];
  });
}

export interface ChangedTable {
  readonly oid: number;
  readonly was: Relation | undefined;
  readonly now: Relation | undefined;
  readonly changed: boolean;
}

function isWritten({ counted: was }: Relation, { counted: now }: Relation): boolean {
  return was.inserted !== now.inserted || was.updated !== now.updated || was.deleted !== now.deleted;
}

function columnsDiffer(was: TableParts | undefined, now: TableParts | undefined): boolean {
  return gone(was, now).length > 0 || retyped(was, now).length > 0;
}

function gone(was: TableParts | undefined, now: TableParts | undefined): readonly ColumnPart[] {
  return [...(was?.columns ?? [])].flatMap(([number, column]) => (now?.columns.has(number) === false ? [column] : []));
}

function retyped(was: TableParts | undefined, now: TableParts | undefined): readonly string[] {
  return [...(was?.columns ?? [])].flatMap(([number, { type }]) => {
    const column = now?.columns.get(number);
    return column !== undefined && column.type !== type ? [column.name] : [];
  });
}

interface Told {
  readonly was: Relation;
  readonly now: Relation;
  readonly before: State;
  readonly after: State;
  readonly rows: number;
  readonly statements: readonly StatementEvidence[] | undefined;
}

/** A table that exists before and after. */
function tellOf(told: Told): { readonly evidence: Omit<TableEvidence, 'table'>; readonly doubts: readonly string[] } {
  const { was, now, before, after, rows } = told;
  const [inserted, updated, deleted] = (['inserted', 'updated', 'deleted'] as const).map(
    (what) => now.counted[what] - was.counted[what],
  ) as [number, number, number];
  const added = addedRows(was.counted, now.counted, inserted, deleted);
  const dropped = gone(before.parts.get(was.oid), after.parts.get(now.oid));
  const values = updated === 0 ? {} : toldUpdates(now, before, after, told.statements, updated);
  const doubts = [
    ...(inserted < 0 || updated < 0 || deleted < 0 ? ['its counters were set back'] : []),
    ...(before.tables.get(now.name)?.oid === was.oid || before.tables.get(now.name) === undefined
      ? []
      : ['another table had its name before']),
    ...(deleted > 0 ? ['rows of it were deleted'] : []),
    // Whatever stands there after TRUNCATE was inserted; a rewrite inserts nothing.
    ...(hasNewFile(was, now) && was.hasPages && rows <= inserted ? ['it may have been truncated'] : []),
    ...(updated > 0 && values === undefined
      ? ['rows of it were updated by more than the statements that are known']
      : []),
    ...(added === undefined ? ['its rows were counted anew meanwhile'] : []),
    ...(dropped.length > 0 && was.hasPages ? [`its column ${dropped[0]?.name ?? ''} was dropped`] : []),
    ...(hasNewFile(was, now) && was.hasPages
      ? retyped(before.parts.get(was.oid), after.parts.get(now.oid)).map(
          (name) => `its column ${name} has another type`,
        )
      : []),
  ];
  const certain = doubts.length === 0;
  return {
    evidence: {
      rowsBefore: Math.max(0, rows - (added ?? inserted - deleted)),
      rowsAfter: rows,
      changed: inserted + deleted > 0 || values === undefined || Object.keys(values).length > 0,
      ...(certain ? { rowsGone: 0, rowsAdded: added ?? 0, valuesChanged: values ?? {} } : {}),
      ...(certain && dropped.length > 0
        ? { columnsDropped: Object.fromEntries(dropped.map(({ name }) => [name, 0])) }
        : {}),
    },
    doubts,
  };
}

/**
 * How many rows there are more. What was inserted and rolled back is in `inserted`, but not in `live`, which in turn
 * VACUUM and ANALYZE set to what they find, and which does not go below zero. Undefined where neither tells.
 */
function addedRows(was: Counted, now: Counted, inserted: number, deleted: number): number | undefined {
  if (deleted > 0) return inserted - deleted;
  if (inserted === 0) return 0;
  return was.recounted === now.recounted ? now.live - was.live : undefined;
}

/** A copy of a database begins to count with nothing. */
function deadBefore({ live, dead }: Counted): Pick<TableEvidence, 'deadRowsBefore'> {
  return live + dead === 0 ? {} : { deadRowsBefore: dead };
}
