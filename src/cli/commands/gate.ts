import type { Command } from 'commander';
import type { CommonOptions } from '../common-options.ts';
import { helpAfter, runCodes } from '../help.ts';
import { withCommand } from '../typed-command.ts';
import { performRun, type Cli } from '../perform.ts';

export function addGate(program: Command, cli: Cli): void {
  program
    .command('gate')
    .argument('[command...]', 'after --: a command that is run as the migration')
    .usage('[options] [-- <command>]')
    .summary('rehearse and judge what is pending; never touches main')
    .description('Rehearses everything that is pending on a branch and reports what the gates say. Main is only read.')
    .addHelpText(
      'after',
      helpAfter(
        examples,
        runCodes.filter((code) => code !== 4),
      ),
    )
    .action(async (words: readonly string[], _: unknown, command: Command) => {
      const flags: CommonOptions = withCommand(command.optsWithGlobals(), words);
      await performRun(cli, flags, { verb: 'gate' });
    });
}

const examples = [
  ['forerun gate', 'would everything pass?'],
  ['forerun gate -- npx dbmate up', 'would this command do harm?'],
  ['forerun gate --json > gate.json', 'before a deployment: exit code 3 blocks it'],
] as const;
