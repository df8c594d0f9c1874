import type { Command } from 'commander';
import { ForerunError } from '../../error.ts';
import type { CommonOptions } from '../common-options.ts';
import { helpAfter, plainCodes } from '../help.ts';
import type { Cli } from '../perform.ts';

export function addExec(program: Command, cli: Cli): void {
  program
    .command('exec')
    .argument('<branch>', 'id or name of a branch')
    .argument('<command...>', 'after --: the program and its arguments')
    .usage('<branch> [options] -- <command>')
    .summary('run a command on a branch')
    .description(
      'Runs a program with the database variable (DATABASE_URL, or `databaseVariable` of the configuration) pointing at ' +
        'a branch, and exits as that program does, whatever its code; below are those of Forerun itself. There is no shell in between.',
    )
    .addHelpText('after', helpAfter(examples, plainCodes.slice(1)))
    .action(async (branch: string, words: readonly string[], _: unknown, command: Command) => {
      const flags: CommonOptions = command.optsWithGlobals();
      if (flags.json === true) throw noDocument();
      // Ctrl-C is for the program; what it makes of it is the exit code.
      process.on('SIGINT', () => {});
      const { configOf } = await import('../config-of.ts');
      const { exec } = await import('../../index.ts');
      cli.exitCode = await exec(await configOf(flags), branch, words);
    });
}

const examples = [
  ['forerun exec premium -- npm test', 'the tests, on the branch'],
  [`forerun exec premium -- sh -c 'sqlite3 "$DATABASE_URL" .schema'`, 'with a shell'],
] as const;

function noDocument(): ForerunError<'USAGE'> {
  return new ForerunError('USAGE', 'With exec, stdout belongs to the command: there is no document to print.', {
    details: {},
    next: 'Leave --json out, or write it after -- if it is for the command.',
  });
}
