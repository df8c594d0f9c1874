import type { Evidence, TableEvidence } from './seams/evidence.ts';

/**
 * Evidence in which a comparison has told what counters did not (`needsComparison`). Of a table that was in doubt the
 * comparison knows the rows; sizes and the like stay as they were measured.
 */
export function withComparison({ needsComparison: doubts = [], ...known }: Evidence, comparison: Evidence): Evidence {
  const inDoubt = new Set(doubts.map(({ table }) => table));
  const measured = new Map((known.tables ?? []).map((table) => [table.table, table]));
  const tables = new Map<string, TableEvidence>(measured);
  for (const table of comparison.tables ?? []) {
    if (!inDoubt.has(undefined) && !inDoubt.has(table.table) && !inDoubt.has(table.renamedFrom)) continue;
    const { valuesChanged: _, ...sizes } = measured.get(table.table) ?? {};
    tables.set(table.table, { ...sizes, ...table });
  }
  const notes = [...(known.notes ?? []), ...(comparison.notes ?? [])];
  const rowsUnseen = [...(known.rowsUnseen ?? []), ...(comparison.rowsUnseen ?? [])];
  return {
    ...known,
    tables: [...tables.values()],
    ...(rowsUnseen.length > 0 ? { rowsUnseen } : {}),
    ...(notes.length > 0 ? { notes } : {}),
  };
}

/** The tables that are in doubt; undefined where all are. */
export function tablesInDoubt({ needsComparison: doubts = [] }: Evidence): readonly string[] | undefined {
  const names = doubts.flatMap(({ table }) => table ?? []);
  return names.length < doubts.length ? undefined : names;
}
