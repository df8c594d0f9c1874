import type { Command } from 'commander';
import { checkpointText, copiesText } from '../../reports/copies-text.ts';
import type { CopyInfo } from '../../verbs/copies.ts';
import type { CommonOptions } from '../common-options.ts';
import { helpAfter, longCodes, plainCodes } from '../help.ts';
import { performHere, performSupervised, type Cli } from '../perform.ts';

export function addCheckpoint(program: Command, cli: Cli): void {
  program
    .command('checkpoint')
    .argument('[label]', 'what it is for')
    .summary('commit a checkpoint of main by hand')
    .description('Commits a state of main that can be returned to. It lives until it is discarded.')
    .addHelpText(
      'after',
      helpAfter([['forerun checkpoint before-import', 'then: forerun rollback before-import']], longCodes),
    )
    .action(async (label: string | undefined, _: unknown, command: Command) => {
      const flags: CommonOptions = command.optsWithGlobals();
      await performSupervised<CopyInfo>(
        cli,
        flags,
        { verb: 'checkpoint', label },
        { text: (copy, { style }, quiet) => (quiet ? `${copy.id}\n` : checkpointText(copy, style)) },
      );
    });
}

export function addCheckpoints(program: Command, cli: Cli): void {
  program
    .command('checkpoints')
    .summary('list checkpoints')
    .description('Lists the checkpoints of main, oldest first.')
    .addHelpText(
      'after',
      helpAfter([['forerun checkpoints', 'with age, size and the run each belongs to']], plainCodes),
    )
    .action(async (_: unknown, command: Command) => {
      const flags: CommonOptions = command.optsWithGlobals();
      await performHere(cli, flags, async (config) => (await import('../../index.ts')).checkpoints(config), {
        text: (copies, view, quiet) =>
          quiet ? copies.map((copy) => `${copy.id}\n`).join('') : copiesText(copies, 'checkpoint', view),
      });
    });
}
