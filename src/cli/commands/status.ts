import type { Command } from 'commander';
import { statusText } from '../../reports/status-text.ts';
import type { CommonOptions } from '../common-options.ts';
import { helpAfter, plainCodes } from '../help.ts';
import { performHere, type Cli } from '../perform.ts';

export function addStatus(program: Command, cli: Cli): void {
  program
    .command('status')
    .summary('what is applied, what is pending, what files and history disagree on')
    .description(
      'Shows applied and pending migrations, every disagreement of files and history, and an unfinished run; with --verbose also what no rehearsal compares. Changes nothing.',
    )
    .addHelpText('after', helpAfter(examples, plainCodes))
    .action(async (_: unknown, command: Command) => {
      const flags: CommonOptions = command.optsWithGlobals();
      await performHere(
        cli,
        flags,
        async (config, heard) => {
          // Not the whole library: this is the verb that is asked again and again.
          const { resolveConfig } = await import('../../config.ts');
          const { status } = await import('../../verbs/status.ts');
          const { toldTo } = await import('../../telling.ts');
          return status(toldTo(await resolveConfig(config), heard), { verbose: flags.verbose ?? false });
        },
        {
          text: statusText,
          problem: ({ problem }) => problem,
          exitCode: ({ problem }) => (problem === undefined ? 0 : 2),
        },
      );
    });
}

const examples = [
  ['forerun status', 'where the database stands'],
  ['forerun status --json', 'the same as a document'],
] as const;
