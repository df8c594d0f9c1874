import type { Command } from 'commander';
import type { CommonOptions } from '../common-options.ts';
import { helpAfter, runCodes } from '../help.ts';
import { performRun, type Cli } from '../perform.ts';

export function addPromote(program: Command, cli: Cli): void {
  program
    .command('promote')
    .argument('<branch>', 'id or name of a branch')
    .summary('make main what a branch is')
    .description(
      'Makes main what a branch is, in one step, through the same gates as `up`, and only if main has not moved since. The ' +
        'branch is discarded afterwards.',
    )
    .addHelpText('after', helpAfter(examples, runCodes))
    .action(async (branch: string, _: unknown, command: Command) => {
      const flags: CommonOptions = command.optsWithGlobals();
      await performRun(cli, flags, { verb: 'promote', branch });
    });
}

const examples = [['forerun promote premium', 'main becomes the branch called premium']] as const;
