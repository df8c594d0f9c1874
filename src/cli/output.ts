import { createColors } from 'picocolors';
import type { Style, View } from '../reports/style.ts';
import { visible } from '../reports/visible.ts';
import type { CommonOptions } from './common-options.ts';
import { withOptions } from './repeated.ts';

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
  /** Writes over the line that the cursor stands in, of a terminal that can move. */
  redraw(text: string): void;
}

const { write } = process.stdout;
process.stdout.on('error', unwritten);
// Where that cannot be written either, there is nobody left to tell.
process.stderr.on('error', () => {});

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
  const hints = withOptions(options);
  return {
    json: options.json ?? false,
    quiet: options.quiet ?? false,
    view: look(stdout),
    aside: look(stderr),
    result(text) {
      try {
        write.call(stdout, options.json === true ? text : visible(hints(text)));
      } catch (error) {
        unwritten(error as NodeJS.ErrnoException);
      }
    },
    say: (text) => void stderr.write(typeof text === 'string' ? visible(hints(text)) : text),
    redraw: (text) => void stderr.write(`${clearLine}${visible(text)}`),
  };
}

const clearLine = '\r\u001B[K';

function styleFor(stream: NodeJS.WriteStream): Style {
  const { NO_COLOR = '', FORCE_COLOR = '' } = process.env;
  const forced = FORCE_COLOR !== '' && FORCE_COLOR !== '0';
  return createColors(NO_COLOR === '' && (forced || canMove(stream)));
}

/** Whether the terminal, where there is one, knows colours and a line that changes. */
export function canMove(stream: NodeJS.WriteStream): boolean {
  return (stream.isTTY ?? false) && process.env['TERM'] !== 'dumb';
}

/**
 * A reader that has read enough (`| head`) or a terminal that was closed is no reason to stop half-way, nor is a full
 * disk: what was done is done, and the exit code says how it went.
 */
function unwritten(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE' || error.code === 'EIO') return;
  process.stderr.write(`The result could not be written to stdout: ${error.message}\n`);
}
