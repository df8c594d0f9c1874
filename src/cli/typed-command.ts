import { ForerunError } from '../error.ts';
import { shellWord } from '../shell-word.ts';
import type { CommonOptions } from './common-options.ts';

/** The options with the command that was typed behind `--`, where there is one. */
export function withCommand<T extends CommonOptions>(options: T, words: readonly string[]): T {
  if (words.length === 0) {
    if (options.adapter === 'command') throw missing();
    return options;
  }
  if (!process.argv.includes('--')) throw unmarked(words);
  return { ...options, command: words };
}

/** How far it goes, a command decides. */
export function refusePart(flags: {
  readonly to?: string;
  readonly step?: number;
  readonly promotePassing?: boolean;
}): void {
  const option =
    flags.to !== undefined
      ? '--to'
      : flags.step !== undefined
        ? '--step'
        : flags.promotePassing
          ? '--promote-passing'
          : undefined;
  if (option === undefined) return;
  throw new ForerunError('USAGE', `${option} chooses among migrations, and a command is one migration, whole.`, {
    details: {},
    next: `Leave ${option} out; how far a tool goes is an option of the tool's own.`,
  });
}

/** A word that was meant as something else must not be run. */
function unmarked(words: readonly string[]): ForerunError<'USAGE'> {
  const line = words.map(shellWord).join(' ');
  const option = ['safe', '-safe'].includes(line) ? 'Did you mean --safe? ' : '';
  return new ForerunError('USAGE', `There is no argument "${line}".`, {
    details: {},
    next: `${option}A command that is to be run as the migration stands behind --: forerun up --safe -- ${line}`,
  });
}

function missing(): ForerunError<'USAGE'> {
  return new ForerunError('USAGE', 'The adapter command needs a command to run.', {
    details: {},
    next: "Write it behind --: forerun up --safe -- npx some-tool migrate. Or in forerun.config.js: source: command({ up: 'npx some-tool migrate' }), imported from forerun/command",
  });
}
