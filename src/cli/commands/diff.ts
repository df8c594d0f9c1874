import type { Command } from 'commander';
import type { ErrorReport } from '../../events.ts';
import { diffText } from '../../reports/diff-text.ts';
import type { Difference } from '../../verbs/diff.ts';
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
      await performSupervised<Difference>(
        cli,
        flags,
        { verb: 'diff', a, b, choices: given({ query: flags.query }) },
        {
          text: diffText,
          problem: failedQuery,
          exitCode: (difference) => (failedQuery(difference) === undefined ? 0 : 2),
        },
      );
    });
}

const examples = [
  ['forerun diff main premium', 'what the branch changed'],
  ['forerun diff premium inventory --query "SELECT count(*) FROM orders"', 'two rivals, and what each answers'],
] as const;

/** One that fails on one side alone tells something; one that fails on both is wrong itself. */
function failedQuery({ query }: Difference): ErrorReport | undefined {
  if (query === undefined || !('error' in query.a) || !('error' in query.b)) return undefined;
  return {
    code: 'USAGE',
    message: `The query fails on both sides: ${query.a.error.replace(/\.$/, '')}.`,
    next: 'Correct the query.',
  };
}
