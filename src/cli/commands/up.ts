import { Option, type Command } from 'commander';
import { ForerunError } from '../../error.ts';
import type { CommonOptions } from '../common-options.ts';
import { given, isSafe, positive, refuseKeptByNpm } from '../flags.ts';
import { refusePart, withCommand } from '../typed-command.ts';
import { helpAfter, runCodes } from '../help.ts';
import { performRun, type Cli } from '../perform.ts';

interface Flags extends CommonOptions {
  readonly safe?: boolean;
  readonly to?: string;
  readonly step?: number;
  readonly allOrNothing?: boolean;
  readonly promotePassing?: boolean;
}

export function addUp(program: Command, cli: Cli): void {
  program
    .command('up')
    .argument('[command...]', 'after --: a command that is run as the migration')
    .usage('[options] [-- <command>]')
    .summary('apply pending migrations; with --safe, rehearsed on a branch first')
    .description(
      'Applies pending migrations. With --safe all of them are rehearsed on a branch of the database first, judged ' +
        'there, and only then promoted, each behind a checkpoint of its own. What does not pass leaves main as it was.',
    )
    .option('--safe', 'rehearse first, promote only what passed (also: MIGRATE_SAFE=1, npm run <script> --safe)')
    .option('--to <name>', 'up to and including this migration (name or version)')
    .addOption(new Option('--step <n>', 'at most so many').argParser(positive).conflicts('to'))
    .addOption(
      new Option('--all-or-nothing', 'promote all in one step, or none (needs --safe)').conflicts('promotePassing'),
    )
    .option('--promote-passing', 'promote the migrations before the first that is blocked (needs --safe)')
    .addHelpText('after', helpAfter(examples, runCodes))
    .action(async (words: readonly string[], _: unknown, command: Command) => {
      const flags: Flags = withCommand(command.optsWithGlobals(), words);
      if (flags.command !== undefined) refusePart(flags);
      const safe = isSafe(flags.safe, process.env);
      refuseKeptByNpm('up', ['to', 'step', 'all-or-nothing', 'promote-passing'], process.env);
      if (!safe && (flags.allOrNothing === true || flags.promotePassing === true)) throw needsSafe(flags);
      const { to, step, allOrNothing, promotePassing } = flags;
      const choices = { safe, ...given({ to, step, allOrNothing, promotePassing }) };
      await performRun(cli, flags, { verb: 'up', choices });
    });
}

const examples = [
  ['forerun up --safe', 'rehearse everything that is pending, promote what passed'],
  ['forerun up --safe --database app.db --migrations db/migrations', 'without a configuration file'],
  ['forerun up --safe --to 004', 'up to and including version 004'],
  ['forerun up --safe --validate "npm run smoke"', 'the command must succeed on the branch'],
  ['forerun up --safe -- npx dbmate up', 'whatever this command does, rehearsed and judged'],
  ['forerun up --safe --json > result.json', 'the result as a document, progress on stderr'],
] as const;

function needsSafe({ allOrNothing }: Flags): ForerunError<'USAGE'> {
  const option = allOrNothing === true ? '--all-or-nothing' : '--promote-passing';
  return new ForerunError('USAGE', `${option} speaks of what a rehearsal showed, and there is none without --safe.`, {
    details: {},
    next: `forerun up --safe ${option}`,
  });
}
