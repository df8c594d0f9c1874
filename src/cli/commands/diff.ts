import type { Command } from 'commander';
import { diffText } from '../../reports/diff-text.ts';
import type { CommonOptions } from '../common-options.ts';
import { given } from '../flags.ts';
import { helpAfter, longCodes } from '../help.ts';
import { performSupervised, type Cli } from '../perform.ts';

export function addDiff(program: Command, cli: Cli): void {
  program
    .command('diff')
    .argument('<a>', 'main, or id or name of a branch or a checkpoint')
    .argument('<b>', 'the other one')
    .option('--query <sql>', 'one SELECT, put to both')
    .summary('what differs between two of main, branches and checkpoints')
    .description(
      'Compares schema, rows and sizes of two databases, the first taken as the state before. Changes neither.',
    )
    .addHelpText('after', helpAfter(examples, longCodes))
    .action(async (a: string, b: string, _: unknown, command: Command) => {
      const flags: CommonOptions & { readonly query?: string } = command.optsWithGlobals();
      const options = given({ query: flags.query });
      await performSupervised(
        cli,
        flags,
        'diff',
        async (config) => (await import('../../index.ts')).diff(config, a, b, options),
        { text: diffText },
      );
    });
}

const examples = [
  ['forerun diff main premium', 'what the branch changed'],
  ['forerun diff premium inventory --query "SELECT count(*) FROM orders"', 'two rivals, and what each answers'],
] as const;
