import { structuredPatch } from 'diff';
import type { Difference, QueryAnswer } from '../verbs/diff.ts';
import { size } from './quantities.ts';
import type { Style, View } from './style.ts';
import { tablesText } from './tables-text.ts';

/** What differs between two databases. */
export function diffText(difference: Difference, view: View): string {
  const { a, b, bytes } = difference;
  const { style } = view;
  const lines = [
    `${style.bold(sideText(a, bytes.a))} → ${style.bold(sideText(b, bytes.b))}`,
    '',
    ...schemaLines(difference, view),
    '',
    ...tableLines(difference, view),
    ...difference.notes.map((note) => style.dim(`Note: ${note}`)),
    ...queryLines(difference, style),
  ];
  return `${lines.join('\n')}\n`;
}

function sideText({ name, id }: Difference['a'], bytes: number | undefined): string {
  return `${name}${id === undefined || id === name ? '' : ` (${id})`}${bytes === undefined ? '' : `, ${size(bytes)}`}`;
}

function schemaLines({ schema }: Difference, { style }: View): readonly string[] {
  if (schema.length === 0) return ['The schemas are equal.'];
  return [
    style.bold('Schema'),
    ...schema.flatMap(({ object, change, before, after }) => [
      `  ${change === 'added' ? style.green(`+ ${object}`) : change === 'removed' ? style.red(`- ${object}`) : style.yellow(`~ ${object}`)}`,
      ...(change === 'changed'
        ? changedLines(before ?? '', after ?? '', style)
        : text(before ?? after, change === 'added' ? style.green : style.red)),
    ]),
  ];
}

function text(definition: string | undefined, paint: (line: string) => string): readonly string[] {
  return definition === undefined ? [] : definition.split('\n').map((line) => paint(`      ${line}`));
}

/** What differs, with the lines beside it. */
function changedLines(before: string, after: string, style: Style): readonly string[] {
  const { hunks } = structuredPatch('', '', `${before}\n`, `${after}\n`, '', '', { context: 1 });
  return hunks.flatMap(({ lines }) =>
    lines.map((line) => {
      const paint = line.startsWith('-') ? style.red : line.startsWith('+') ? style.green : style.dim;
      return paint(`      ${line.slice(0, 1)} ${line.slice(1)}`);
    }),
  );
}

function tableLines({ tables, a, b }: Difference, { style, verbose }: View): readonly string[] {
  const shown = verbose
    ? tables
    : tables.filter((one) => one.changed || one.rowsBefore !== one.rowsAfter || one.columnsDropped !== undefined);
  const equal = tables.length - shown.length;
  if (shown.length === 0) return [tables.length === 0 ? 'There is no table.' : 'The rows of all tables are equal.'];
  return [
    style.bold('Rows'),
    ...tablesText(shown, style, [a.name, b.name], '  '),
    ...(equal > 0 ? [style.dim(`  ${equal} other ${equal === 1 ? 'table is' : 'tables are'} equal.`)] : []),
  ];
}

function queryLines({ query, a, b }: Difference, style: Style): readonly string[] {
  if (query === undefined) return [];
  const title = ['', `${style.bold('Query')} ${query.sql}`];
  if (query.equal) return [...title, `  Both answer the same:`, ...answer(query.a)];
  return [...title, `  ${style.bold(a.name)}`, ...answer(query.a), `  ${style.bold(b.name)}`, ...answer(query.b)];
}

function answer(answered: QueryAnswer): readonly string[] {
  if ('error' in answered) return [`    failed: ${answered.error}`];
  return answered.total === 0 ? ['    no row'] : answered.text.split('\n').map((line) => `    ${line}`);
}
