import type { Command } from 'commander';
import type { HistoryRow } from '../../seams/driver.ts';
import type { CommonOptions } from '../common-options.ts';
import { helpAfter, plainCodes } from '../help.ts';
import { performHere, type Cli } from '../perform.ts';

export function addRepair(program: Command, cli: Cli): void {
  program
    .command('repair')
    .argument('[name]', 'the changed migration (default: all that were changed)')
    .requiredOption('--reason <text>', 'why (required); it is kept')
    .usage('[name] --reason <text> [options]')
    .summary("accept a changed file's text")
    .description(
      'Accepts the present text of migrations that were changed after they were applied, for a reason. Runs nothing.',
    )
    .addHelpText(
      'after',
      helpAfter(
        [['forerun repair 003_orders --reason "comment only"', 'its checksum becomes that of the file']],
        plainCodes,
      ),
    )
    .action(async (name: string | undefined, _: unknown, command: Command) => {
      const flags: CommonOptions & { readonly reason: string } = command.optsWithGlobals();
      await performHere(
        cli,
        flags,
        async (config, heard) => (await import('../../index.ts')).repair(config, name, flags.reason, heard),
        {
          text: (rows) => rowsText(rows, 'Accepted', 'Nothing to repair: no applied file was changed.'),
        },
      );
    });
}

export function addBaseline(program: Command, cli: Cli): void {
  program
    .command('baseline')
    .argument('<version>', 'version or name of the last migration that the database has already')
    .summary('mark an existing database as already at a version')
    .description('Writes into the history that a migration and all before it are applied. Runs nothing.')
    .addHelpText('after', helpAfter([['forerun baseline 004', 'everything up to 004 counts as applied']], plainCodes))
    .action(async (version: string, _: unknown, command: Command) => {
      const flags: CommonOptions = command.optsWithGlobals();
      await performHere(
        cli,
        flags,
        async (config, heard) => (await import('../../index.ts')).baseline(config, version, heard),
        {
          text: (rows) => rowsText(rows, 'Marked as applied:', 'Nothing to mark: the history has all of them already.'),
        },
      );
    });
}

function rowsText(rows: readonly HistoryRow[], done: string, nothing: string): string {
  return rows.length === 0 ? `${nothing}\n` : rows.map((row) => `${done} ${row.name}\n`).join('');
}
