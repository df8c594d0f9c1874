import { constants } from 'node:os';
import { environmentOf } from '../checks/environment.ts';
import { ForerunError } from '../error.ts';
import { refuseBesideSql } from '../only-sql.ts';
import type { Setup } from '../setup.ts';
import { describe, findCopy } from './find-copy.ts';

/**
 * Runs a program with the database variable, and others that lead to main, pointing at a branch, without a shell, on this
 * process's own input and output. Answers with its exit code; 128 and the signal's number where a signal ended it, as shells do.
 */
export async function exec(setup: Setup, branch: string, command: readonly string[]): Promise<number> {
  const [program, ...args] = command;
  if (program === undefined || program === '')
    throw usage('No command was given.', 'Name one: forerun exec <branch> -- <command>');
  const copy = await findCopy(setup, branch, 'branch');
  refuseBesideSql(setup.driver, program, copy.target);
  const { execa } = await import('execa');
  const result = await execa(program, args, {
    env: await environmentOf(setup, copy.target),
    stdio: 'inherit',
    preferLocal: true,
    reject: false,
  });
  if (result.exitCode !== undefined) return result.exitCode;
  if (result.signal !== undefined) return 128 + constants.signals[result.signal];
  const why = result.code === 'ENOENT' ? 'there is no such program' : (result.code ?? 'it could not be started');
  throw usage(
    `${program} was not run on ${describe(copy)}: ${why}.`,
    'Check its name and the PATH. What a shell understands needs a shell: forerun exec <branch> -- sh -c "<line>"',
  );
}

function usage(message: string, next: string): ForerunError<'USAGE'> {
  return new ForerunError('USAGE', message, { details: {}, next });
}
