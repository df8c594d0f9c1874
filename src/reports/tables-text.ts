import type { TableEvidence } from '../seams/evidence.ts';
import { partSeen } from '../rows-seen.ts';
import { count, signed } from './quantities.ts';
import type { Style } from './style.ts';
import { table } from './table.ts';

/** How the rows of tables differ between two states: counts, rows added and gone, values changed; or what `words` says. */
export function tablesText(
  tables: readonly TableEvidence[],
  style: Style,
  titles: readonly [string, string],
  indent: string = '',
  words: (one: TableEvidence) => string = differences,
): readonly string[] {
  const columns = [
    { title: 'Table' },
    { title: titles[0], align: 'right' as const },
    { title: titles[1], align: 'right' as const },
    { title: '', align: 'right' as const },
    { title: 'Differs' },
  ];
  const rows = tables.map((one) => [
    one.renamedFrom === undefined ? one.table : `${one.table} (was ${one.renamedFrom})`,
    one.rowsBefore === undefined ? '–' : String(one.rowsBefore),
    one.rowsAfter === undefined ? '–' : String(one.rowsAfter),
    one.rowsBefore === undefined || one.rowsAfter === undefined ? '' : signed(one.rowsAfter - one.rowsBefore),
    words(one),
  ]);
  return table(columns, rows, style, indent);
}

function differences(one: TableEvidence): string {
  if (one.rowsBefore === undefined) return 'new';
  if (one.rowsAfter === undefined) return 'gone';
  const parts = [
    ...((one.rowsAdded ?? 0) > 0 ? [`${one.rowsAdded} added`] : []),
    ...((one.rowsGone ?? 0) > 0 ? [`${one.rowsGone} gone`] : []),
    ...Object.entries(one.valuesChanged ?? {}).map(([column, rows]) => `${column} in ${count(rows, 'row')}`),
    ...Object.entries(one.columnsDropped ?? {}).map(
      ([column, rows]) => `column ${column} gone with ${count(rows, 'value')}`,
    ),
  ];
  const part = partSeen(one);
  if (part !== '') parts.push(part);
  if (parts.length > 0) return parts.join(', ');
  return one.changed ? 'rows differ' : '';
}
