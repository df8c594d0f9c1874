import type { Command } from 'commander';
import { discardText } from '../../reports/copies-text.ts';
import type { CommonOptions } from '../common-options.ts';
import { helpAfter, plainCodes } from '../help.ts';
import { performHere, type Cli } from '../perform.ts';

export function addDiscard(program: Command, cli: Cli): void {
  program
    .command('discard')
    .argument('<pattern>', 'id or name of a checkpoint or a branch, or a pattern with *')
    .option('--recursive', 'also everything that was made from it')
    .summary('throw branches and checkpoints away')
    .description(
      'Throws branches and checkpoints away. What others were made from is kept, unless --recursive is given.',
    )
    .addHelpText('after', helpAfter(examples, plainCodes))
    .action(async (pattern: string, _: unknown, command: Command) => {
      const flags: CommonOptions & { readonly recursive?: boolean } = command.optsWithGlobals();
      await performHere(
        cli,
        flags,
        async (config) =>
          (await import('../../index.ts')).discard(config, pattern, { recursive: flags.recursive ?? false }),
        {
          text: (copies, _view, quiet) => (quiet ? copies.map((copy) => `${copy.id}\n`).join('') : discardText(copies)),
        },
      );
    });
}

const examples = [
  ['forerun discard premium', 'one branch'],
  ["forerun discard 'try-*'", 'all whose name begins with try-'],
  ['forerun discard premium --recursive', 'with the branches that were made from it'],
] as const;
