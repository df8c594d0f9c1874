import { shellWord } from '../shell-word.ts';
import type { BranchInfo, CopyInfo } from '../verbs/copies.ts';
import { age, count, size } from './quantities.ts';
import type { Style, View } from './style.ts';
import { table } from './table.ts';

/** A table of checkpoints or branches; what to do where there is none. */
export function copiesText(copies: readonly CopyInfo[], kind: CopyInfo['kind'], { style, verbose }: View): string {
  if (copies.length === 0) return `There is no ${kind}. Make one with: forerun ${kind}\n`;
  const columns = [
    { title: 'Id' },
    { title: 'Label' },
    { title: 'Made from' },
    { title: 'Age', align: 'right' as const },
    { title: 'Size', align: 'right' as const },
    { title: 'Way' },
    { title: 'Host' },
    { title: 'Of run' },
    { title: 'State' },
    { title: verbose ? 'Address' : '' },
  ];
  const rows = copies.map((copy) => [
    copy.id,
    copy.label,
    copy.parent ?? 'main',
    age(copy.ageMs),
    size(copy.bytes),
    copy.way,
    copy.host,
    copy.run ?? '',
    copy.state === 'ready' ? '' : { text: copy.state, paint: style.yellow },
    verbose ? copy.variable : '',
  ]);
  const total = copies.reduce((sum, copy) => sum + copy.bytes, 0);
  return `${[...table(columns, rows, style), '', `${count(copies.length, kind, `${kind}${kind === 'branch' ? 'es' : 's'}`)}, ${size(total)}.`].join('\n')}\n`;
}

export function checkpointText(copy: CopyInfo, style: Style): string {
  return [
    `${style.green(`Checkpoint ${copy.id}`)} (${copy.label}): ${size(copy.bytes)} by ${copy.way}.`,
    `Return to it with: forerun rollback ${copy.id}`,
    '',
  ].join('\n');
}

/** The address on a line of its own, then what can be done with the branch. */
export function branchText(copy: BranchInfo, style: Style): string {
  const name = shellWord(copy.label);
  const commands = [
    ...(copy.command === undefined ? [[`exec ${name} -- <command>`, 'run something on it'] as const] : []),
    [`diff main ${name}`, 'see what differs'] as const,
    ...(copy.promotable ? [[`promote ${name}`, 'make main what it is'] as const] : []),
    [`discard ${name}`, 'throw it away'] as const,
  ];
  const width = Math.max(...commands.map(([command]) => command.length));
  return [
    copy.variable,
    style.dim(`Branch ${copy.label} (${copy.id}): ${size(copy.bytes)} by ${copy.way}. It stays until it is discarded.`),
    ...commands.map(([command, what]) => style.dim(`  forerun ${command.padEnd(width)}   ${what}`)),
    ...(copy.command === undefined
      ? []
      : [style.dim('  To run something on it, where it is, for example:'), style.dim(`    ${copy.command}`)]),
    '',
  ].join('\n');
}

export function discardText(copies: readonly CopyInfo[]): string {
  const total = copies.reduce((sum, copy) => sum + copy.bytes, 0);
  return [
    ...copies.map((copy) => `Discarded ${copy.kind} ${copy.id} (${copy.label})`),
    `${size(total)} are free again.`,
    '',
  ].join('\n');
}
