import { pathToFileURL } from 'node:url';
import { ForerunError, isForerunError, messageOf } from '../../src/error.ts';
import { lineByNode } from '../../src/line-by-node.ts';

/** Adds the line of the migration's file that the stack names, or that Node cannot read. */
export function located(error: unknown, file: string | undefined): unknown {
  if (file === undefined || isForerunError(error) || !(error instanceof Error)) return error;
  const stack = error.stack ?? '';
  const line = lineIn(stack, file) ?? (stack.startsWith('SyntaxError') ? lineByNode(file) : undefined);
  const code = 'code' in error && typeof error.code === 'string' ? { code: error.code } : {};
  return new ForerunError('STATEMENT_FAILED', messageOf(error), {
    details: { where: { file, ...(line === undefined ? {} : { line: Number(line) }) }, ...code },
    cause: error,
  });
}

function lineIn(stack: string, file: string): string | undefined {
  const frame = stack
    .split('\n')
    .find((line) => line.includes(`${file}:`) || line.includes(`${pathToFileURL(file).href}:`));
  return /:(\d+)(?::\d+)?\)?$/.exec(frame?.trim() ?? '')?.[1];
}
