import type { Diagnosis } from '../verbs/doctor.ts';
import type { Style } from './style.ts';

/** One line for each thing that was looked at, with what to do about it. */
export function doctorText(diagnoses: readonly Diagnosis[], style: Style): string {
  const marks = { ok: style.green('✓'), warn: style.yellow('!'), fail: style.red('✗') };
  const width = Math.max(0, ...diagnoses.map(({ name }) => name.length));
  const lines = diagnoses.flatMap(({ name, state, detail, next }) => [
    `${marks[state]} ${name.padEnd(width)}  ${detail}`,
    ...(next === undefined || state === 'ok' ? [] : [`  ${' '.repeat(width)}  → ${next}`]),
  ]);
  const failed = diagnoses.filter(({ state }) => state === 'fail').length;
  return `${[...lines, '', failed === 0 ? 'Ready.' : `${failed} of ${diagnoses.length} must be seen to first.`].join('\n')}\n`;
}
