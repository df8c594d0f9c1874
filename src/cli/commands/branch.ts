import type { Command } from 'commander';
import { branchText, copiesText } from '../../reports/copies-text.ts';
import type { BranchInfo } from '../../verbs/copies.ts';
import type { CommonOptions } from '../common-options.ts';
import { given } from '../flags.ts';
import { helpAfter, longCodes, plainCodes } from '../help.ts';
import { performHere, performSupervised, type Cli } from '../perform.ts';

export function addBranch(program: Command, cli: Cli): void {
  program
    .command('branch')
    .argument('[from]', 'id or name of a checkpoint or a branch (default: main)')
    .option('--name <name>', 'what it is called (default: a new name, after the time)')
    .summary('make a branch; prints its address')
    .description(
      'Makes a writable, isolated database from main, a checkpoint or another branch. It lives until it is discarded.',
    )
    .addHelpText('after', helpAfter(examples, longCodes))
    .action(async (from: string | undefined, _: unknown, command: Command) => {
      const flags: CommonOptions & { readonly name?: string } = command.optsWithGlobals();
      await performSupervised<BranchInfo>(
        cli,
        flags,
        { verb: 'branch', choices: given({ from, name: flags.name }) },
        { text: (copy, { style }, quiet) => (quiet ? `${copy.variable}\n` : branchText(copy, style)) },
      );
    });
}

export function addBranches(program: Command, cli: Cli): void {
  program
    .command('branches')
    .summary('list branches')
    .description('Lists the branches of main, oldest first.')
    .addHelpText('after', helpAfter([['forerun branches --verbose', 'with their addresses']], plainCodes))
    .action(async (_: unknown, command: Command) => {
      const flags: CommonOptions = command.optsWithGlobals();
      await performHere(cli, flags, async (config) => (await import('../../index.ts')).branches(config), {
        text: (copies, view, quiet) =>
          quiet ? copies.map((copy) => `${copy.label}\n`).join('') : copiesText(copies, 'branch', view),
      });
    });
}

const examples = [
  ['forerun branch --name premium', 'a branch of main'],
  ['forerun branch premium --name risky', 'a branch of that branch'],
  ['sqlite3 "$(forerun branch --quiet)"', 'with --quiet the address alone is printed'],
] as const;
