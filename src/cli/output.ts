import { createColors } from 'picocolors';
import type { Style, View } from '../reports/style.ts';
import type { CommonOptions } from './common-options.ts';

/** Where this program prints: results on stdout, everything else on stderr. */
export interface Output {
  readonly json: boolean;
  readonly quiet: boolean;
  /** How results are to look. */
  readonly view: View;
  /** How what goes to stderr is to look. */
  readonly aside: View;
  result(text: string): void;
  /** Progress, questions and errors. */
  say(text: string | Uint8Array): void;
}

const { write } = process.stdout;
for (const stream of [process.stdout, process.stderr]) stream.on('error', ignoreClosed);

/**
 * Takes stdout for itself: whatever a configuration or a check prints in this process goes to stderr from now on, so
 * that a program that reads the result reads nothing else.
 */
export function takeOutput(options: CommonOptions): Output {
  const { stdout, stderr } = process;
  Object.assign(stdout, { write: stderr.write.bind(stderr) });
  const look = (stream: NodeJS.WriteStream): View => ({
    style: styleFor(stream),
    cwd: process.cwd(),
    verbose: options.verbose ?? false,
  });
  return {
    json: options.json ?? false,
    quiet: options.quiet ?? false,
    view: look(stdout),
    aside: look(stderr),
    result: (text) => void write.call(stdout, text),
    say: (text) => void stderr.write(text),
  };
}

function styleFor(stream: NodeJS.WriteStream): Style {
  const plain = (process.env['NO_COLOR'] ?? '') !== '' || !stream.isTTY;
  return createColors(!plain);
}

/** A reader that has read enough (`| head`) or a terminal that was closed is no reason to stop half-way. */
function ignoreClosed(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error;
}
