import type { TableEvidence } from '../seams/evidence.ts';

/** A table that is there before and after, with other rows. One that came or went is a matter of the schema. */
export function differs(table: TableEvidence): boolean {
  return table.rowsBefore !== undefined && table.rowsAfter !== undefined && table.changed;
}

export function inWords(table: TableEvidence): string {
  const gone = table.rowsGone ?? 0;
  const columns = Object.keys(table.valuesChanged ?? {});
  if (gone > 0) return `${gone} ${gone === 1 ? 'row' : 'rows'} of ${table.table} gone`;
  if (columns.length > 0) return `other values in ${columns.map((column) => `${table.table}.${column}`).join(', ')}`;
  return `${table.table} has ${table.rowsAfter ?? 0} rows instead of ${table.rowsBefore ?? 0}`;
}
