import type { ErrorReport } from '../events.ts';
import type { View } from './style.ts';

/** What failed and what to do next; the stack only on request. */
export function errorText(error: ErrorReport, { style, verbose }: View): string {
  const unexpected =
    error.code === 'UNEXPECTED' ? 'This was not expected; --verbose shows where it came from.' : undefined;
  const next = error.next ?? (verbose ? undefined : unexpected);
  const lines = [
    `${style.red(style.bold('Error'))} ${style.dim(`[${error.code}]`)} ${error.message}`,
    ...(next === undefined ? [] : next.split('\n').map((line, at) => `${at === 0 ? '→ ' : '  '}${line}`)),
    ...(verbose && error.stack !== undefined && error.code !== 'USAGE' ? [style.dim(error.stack)] : []),
  ];
  return `${lines.join('\n')}\n`;
}
