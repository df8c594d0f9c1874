import { CommanderError } from 'commander';
import { ForerunError } from '../error.ts';
import type { CommonOptions } from './common-options.ts';
import { errorReport } from '../error-report.ts';
import { shellWord } from '../shell-word.ts';
import { takeOutput } from './output.ts';
import type { Cli } from './perform.ts';
import { newProgram, unknownHelp, verbIn } from './program.ts';
import { endAhead, type Ahead } from './start-ahead.ts';

/**
 * Does what the arguments say, prints the result, and answers with the exit code. `ahead` is the worker for it, where it
 * was started already.
 */
export async function runProgram(args: readonly string[], ahead: Ahead | undefined): Promise<number> {
  const cli: Cli = { ahead, exitCode: 0 };
  const program = await newProgram(cli, args);
  try {
    const unknown = unknownHelp(args);
    if (unknown !== undefined) throw unknown;
    await program.parseAsync(args, { from: 'user' });
    return cli.exitCode;
  } catch (error) {
    // Help and version were printed already.
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    const verb = verbIn(args);
    if (error instanceof CommanderError && error.code === 'commander.help')
      process.stderr.write(program.helpInformation());
    return await printFailure(
      cli,
      program.opts(),
      args,
      verb ?? '',
      error instanceof CommanderError ? wrongUse(error, verb, args) : error,
    );
  } finally {
    if (cli.ahead !== undefined) endAhead(cli.ahead);
  }
}

/** What did not come to begin: the same document, or an error for a person. */
async function printFailure(
  { database }: Cli,
  typed: CommonOptions,
  args: readonly string[],
  verb: string,
  error: unknown,
): Promise<number> {
  const { failedRun } = await import('./run-ending.ts');
  const { showRun } = await import('./show-run.ts');
  const own = args.includes('--') ? args.slice(0, args.indexOf('--')) : args;
  const output = takeOutput({
    ...typed,
    json: own.includes('--json'),
    quiet: own.includes('--quiet'),
    verbose: own.includes('--verbose'),
  });
  const failed = failedRun(verb, errorReport(error));
  return showRun(output, database === undefined ? failed : { ...failed, database });
}

function wrongUse(error: CommanderError, verb: string | undefined, args: readonly string[]): ForerunError<'USAGE'> {
  const none = error.code === 'commander.help';
  const [message = '', suggestion] = none ? ['No verb was given.'] : error.message.replace(/^error: /, '').split('\n');
  const near = suggestion === undefined ? '' : ` ${suggestion.replace(/^\((.*)\)$/, '$1')}`;
  return new ForerunError(
    'USAGE',
    `${message.replace(/^./, (first) => first.toUpperCase()).replace(/([^.?!])$/, '$1.')}${near}`,
    {
      details: {},
      next: nextAfter(error, verb, args),
      cause: error,
    },
  );
}

function nextAfter({ code }: CommanderError, verb: string | undefined, args: readonly string[]): string {
  if (verb === 'repair' && code === 'commander.missingMandatoryOptionValue')
    return 'For example: forerun repair 003_orders --reason "a comment was added"';
  if (code === 'commander.unknownOption' && args.some((arg) => /^--dry(-run)?$/.test(arg)))
    return 'To rehearse and judge everything that is pending, and change nothing on main: forerun gate';
  if (verb === 'exec' && code === 'commander.unknownOption' && !args.includes('--'))
    return `Put -- before the command, whose options are not for Forerun: forerun exec ${execLine(args)}`;
  return `See: forerun ${verb === undefined ? '' : `${verb} `}--help`;
}

/** As it was meant, where what was typed shows that: no option of ours stands between the verb and the command. */
function execLine([first, branch = '-', ...command]: readonly string[]): string {
  const plain = first === 'exec' && !branch.startsWith('-') && !(command[0] ?? '-').startsWith('-');
  return plain ? `${shellWord(branch)} -- ${command.map(shellWord).join(' ')}` : '<branch> -- <command>';
}
