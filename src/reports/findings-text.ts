import type { Finding, Severity } from '../gate.ts';
import type { Where } from '../seams/evidence.ts';
import type { Style, View } from './style.ts';

/** Findings by severity, each with the migration, the message and the place. Empty where there are none. */
export function findingsText(findings: readonly Finding[], view: View): readonly string[] {
  const groups: readonly [Severity, string, keyof Style][] = [
    ['block', 'Blocking', 'red'],
    ['warn', 'Warnings', 'yellow'],
    ['note', 'Notes', 'dim'],
  ];
  return groups.flatMap(([severity, title, colour]) => {
    const group = findings.filter((finding) => finding.severity === severity);
    if (group.length === 0) return [];
    return ['', view.style[colour](view.style.bold(title)), ...group.flatMap((finding) => findingText(finding, view))];
  });
}

/** `migrations/003_x.sql:12, statement 2`. */
export function placeText(where: Where, view: View): string {
  const file = where.file === undefined ? undefined : relative(where.file, view.cwd);
  const place = file === undefined || where.line === undefined ? file : `${file}:${where.line}`;
  return [place, where.statement === undefined ? undefined : `statement ${where.statement}`]
    .filter((part) => part !== undefined)
    .join(', ');
}

/** A file below the folder is named from there. */
export function relative(file: string, cwd: string): string {
  const folder = cwd.endsWith('/') ? cwd : `${cwd}/`;
  return file.startsWith(folder) ? file.slice(folder.length) : file;
}

function findingText(finding: Finding, view: View): readonly string[] {
  const { style } = view;
  const title = [
    finding.migration === undefined ? '' : `${style.bold(finding.migration)} `,
    style.dim(`[${finding.gate}]`),
  ].join('');
  const place = finding.where === undefined ? '' : placeText(finding.where, view);
  return [
    `  ${title}`,
    ...indented(finding.message, '    '),
    ...(place === '' ? [] : [`    ${style.cyan(place)}`]),
    ...(finding.where?.sql === undefined ? [] : indented(shortened(finding.where.sql.trim()), '      ').map(style.dim)),
  ];
}

/** The first lines of a long statement are enough to know it by. */
function shortened(sql: string): string {
  const lines = sql.split('\n');
  return lines.length <= 8 ? sql : [...lines.slice(0, 7), `… (${lines.length - 7} more lines)`].join('\n');
}

function indented(text: string, indent: string): readonly string[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => `${indent}${line}`.trimEnd());
}
