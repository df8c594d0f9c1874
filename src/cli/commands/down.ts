import { Option, type Command } from 'commander';
import type { CommonOptions } from '../common-options.ts';
import { given, isSafe, positive, refuseKeptByNpm } from '../flags.ts';
import { helpAfter, runCodes } from '../help.ts';
import { performRun, type Cli } from '../perform.ts';

interface Flags extends CommonOptions {
  readonly safe?: boolean;
  readonly to?: string;
  readonly step?: number;
}

export function addDown(program: Command, cli: Cli): void {
  program
    .command('down')
    .summary('revert applied migrations, the last one by default')
    .description(
      'Runs the down of applied migrations, newest first; the last one alone by default. --safe rehearses it as `up` does.',
    )
    .option('--safe', 'rehearse first, revert only what passed (also: MIGRATE_SAFE=1, npm run <script> --safe)')
    .option('--to <name>', 'down to and including this migration (name or version); 0 means all')
    .addOption(new Option('--step <n>', 'so many (default: 1)').argParser(positive).conflicts('to'))
    .addHelpText('after', helpAfter(examples, runCodes))
    .action(async (_: unknown, command: Command) => {
      const flags: Flags = command.optsWithGlobals();
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
