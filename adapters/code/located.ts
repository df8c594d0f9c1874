import { pathToFileURL } from 'node:url';
import { ForerunError, isForerunError, messageOf } from '../../src/error.ts';

/** Adds the line of the migration's file that the stack names. */
export function located(error: unknown, file: string | undefined): unknown {
  if (file === undefined || isForerunError(error) || !(error instanceof Error)) return error;
  const line = lineIn(error.stack ?? '', file);
  const code = 'code' in error && typeof error.code === 'string' ? { code: error.code } : {};
  return new ForerunError('STATEMENT_FAILED', messageOf(error), {
    details: { where: { file, ...(line === undefined ? {} : { line }) }, ...code },
    cause: error,
  });
}

function lineIn(stack: string, file: string): number | undefined {
  const frame = stack
    .split('\n')
    .find((line) => line.includes(`${file}:`) || line.includes(`${pathToFileURL(file).href}:`));
  const line = frame === undefined ? undefined : /:(\d+):\d+\)?$/.exec(frame.trim())?.[1];
  return line === undefined ? undefined : Number(line);
}
