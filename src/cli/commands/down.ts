import { Option, type Command } from 'commander';
import { ForerunError } from '../../error.ts';
import type { CommonOptions } from '../common-options.ts';
import { given, isSafe, positive, refuseKeptByNpm } from '../flags.ts';
import { helpAfter, runCodes } from '../help.ts';
import { shellWord } from '../../shell-word.ts';
import { performRun, type Cli } from '../perform.ts';

interface Flags extends CommonOptions {
  readonly safe?: boolean;
  readonly to?: string;
  readonly step?: number;
}

export function addDown(program: Command, cli: Cli): void {
  program
    .command('down')
    .argument('[command...]', 'after --: the command that takes it back')
    .usage('[options]')
    .summary('revert applied migrations, the last one by default')
    .description(
      'Runs the down of applied migrations, newest first; the last one alone by default. --safe rehearses it as `up` does.',
    )
    .option('--safe', 'rehearse first, revert only what passed (also: MIGRATE_SAFE=1, npm run <script> --safe)')
    .option('--to <name>', 'down to and including this migration (name or version); 0 means all')
    .addOption(new Option('--step <n>', 'so many (default: 1)').argParser(positive).conflicts('to'))
    .addHelpText('after', helpAfter(examples, runCodes))
    .action(async (words: readonly string[], _: unknown, command: Command) => {
      const flags: Flags = command.optsWithGlobals();
      if (words.length > 0) throw noWayBack(words);
      refuseKeptByNpm('down', ['to', 'step'], process.env);
      const { to, step } = flags;
      const choices = { safe: isSafe(flags.safe, process.env), ...given({ to, step }) };
      await performRun(cli, flags, { verb: 'down', choices });
    });
}

const examples = [
  ['forerun down --safe', 'revert the last migration, rehearsed first'],
  ['forerun down --safe --step 2', 'the last two'],
  ['forerun down --safe --to 003', 'everything down to and including 003'],
] as const;

/** Which way a command goes is its own affair. */
function noWayBack(words: readonly string[]): ForerunError<'USAGE'> {
  return new ForerunError(
    'USAGE',
    `down reverts migrations that Forerun knows; what a command does is not among them.`,
    {
      details: {},
      next: `If it is the tool's own way back, have it rehearsed like any other command: forerun up --safe -- ${words.map(shellWord).join(' ')}`,
    },
  );
}
