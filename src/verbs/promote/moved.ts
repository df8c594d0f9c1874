import { schemaDiff } from '../../schema-diff.ts';
import type { Schema } from '../../seams/driver.ts';
import type { HistoryRow } from '../../seams/records.ts';
import type { TableEvidence } from '../../seams/evidence.ts';
import type { Copy } from '../../seams/provider.ts';
import type { Setup } from '../../setup.ts';
import { shellWord } from '../../shell-word.ts';

/**
 * What somebody did to main between two checkpoints of it, in words; empty where main has not moved. What cannot be
 * compared counts as moved, because the swap would overwrite it.
 */
export async function movedSince(setup: Setup, base: Copy, now: Copy): Promise<readonly string[]> {
  const [before, after] = [await stateOf(setup, base), await stateOf(setup, now)];
  const schema = schemaDiff(before.schema, after.schema).map(({ object, change }) => `${object} was ${change}`);
  const { tables = [], notes = [] } = await setup.driver.compare(base.target, now.target);
  const rows = tables.filter((table) => table.changed).map(inWords);
  return [...schema, ...rows, ...historyChanges(before.rows, after.rows), ...notes];
}

/** What to do with a branch that main has moved away from. */
export function afterMove({ label }: Copy): string {
  return `See how they differ with: forerun diff main ${shellWord(label)}\nThen make a new branch, and do the work again there: forerun branch`;
}

interface State {
  readonly schema: Schema;
  readonly rows: readonly HistoryRow[];
}

async function stateOf({ driver }: Setup, copy: Copy): Promise<State> {
  await using connection = await driver.open(copy.target);
  return { schema: await driver.schema(connection), rows: await driver.history(connection).rows() };
}

function historyChanges(before: readonly HistoryRow[], after: readonly HistoryRow[]): readonly string[] {
  return [
    ...without(after, before).map((row) => `${row.name} was recorded`),
    ...without(before, after).map((row) => `the record of ${row.name} was taken back or changed`),
  ];
}

function without(rows: readonly HistoryRow[], others: readonly HistoryRow[]): readonly HistoryRow[] {
  return rows.filter((row) => !others.some((other) => other.name === row.name && other.checksum === row.checksum));
}

function inWords(table: TableEvidence): string {
  const added = (table.rowsAfter ?? 0) - (table.rowsBefore ?? 0) + (table.rowsGone ?? 0);
  const columns = Object.keys(table.valuesChanged ?? {});
  const parts = [
    ...(added > 0 ? [`${added} ${added === 1 ? 'row' : 'rows'} more`] : []),
    ...((table.rowsGone ?? 0) > 0 ? [`${table.rowsGone} gone`] : []),
    ...(columns.length > 0 ? [`other values in ${columns.join(', ')}`] : []),
  ];
  return `${table.table} has ${parts.length === 0 ? 'other rows' : parts.join(', ')}`;
}
