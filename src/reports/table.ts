import type { Style } from './style.ts';

/** Text of a cell, and what to paint it with. */
export type Cell = string | { readonly text: string; readonly paint: (text: string) => string };

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
}

/** Columns as wide as their widest cell, two spaces between them; a column without anything in it is left out. */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  style: Style,
  indent: string = '',
): readonly string[] {
  const shown = columns.map((_, at) => at).filter((at) => rows.some((row) => textOf(row[at]) !== ''));
  const widths = new Map(
    shown.map((at) => [
      at,
      Math.max(...[columns[at]?.title ?? '', ...rows.map((row) => textOf(row[at]))].map((text) => text.length)),
    ]),
  );
  const line = (cells: readonly Cell[]): string => {
    const padded = shown.map((at) => pad(cells[at] ?? '', widths.get(at) ?? 0, columns[at]?.align ?? 'left'));
    return `${indent}${padded.join('  ')}`.trimEnd();
  };
  const head = line(columns.map(({ title }) => ({ text: title, paint: style.dim })));
  return columns.every(({ title }) => title === '') ? rows.map(line) : [head, ...rows.map(line)];
}

function textOf(cell: Cell | undefined): string {
  return typeof cell === 'object' ? cell.text : (cell ?? '');
}

/** The padding is not painted. */
function pad(cell: Cell, width: number, align: 'left' | 'right'): string {
  const text = textOf(cell);
  const painted = typeof cell === 'object' && text !== '' ? cell.paint(text) : text;
  const space = ' '.repeat(width - text.length);
  return align === 'right' ? space + painted : painted + space;
}
