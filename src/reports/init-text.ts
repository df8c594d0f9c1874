import type { Initialized } from '../verbs/init.ts';
import type { Style } from './style.ts';

/** What `init` found, what it wrote, what it left alone, and what to type next. */
export function initText({ found, wrote, kept, next }: Initialized, style: Style): string {
  return [
    `${style.bold('Found')}  ${found}`,
    ...wrote.map((file) => `${style.green('Wrote')}  ${file}`),
    ...kept.map((file) => `${style.dim('Kept')}   ${file}`),
    '',
    next,
    '',
  ].join('\n');
}
