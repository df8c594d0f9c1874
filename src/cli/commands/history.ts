import type { Command } from 'commander';
import { isMarkedGone } from '../../gone.ts';
import type { HistoryRow } from '../../seams/records.ts';
import type { CommonOptions } from '../common-options.ts';
import { helpAfter, plainCodes } from '../help.ts';
import { performHere, type Cli } from '../perform.ts';

export function addRepair(program: Command, cli: Cli): void {
  program
    .command('repair')
    .argument('[name]', 'the migration that was changed, or whose file is gone (default: all that were changed)')
    .requiredOption('--reason <text>', 'why (required); it is kept')
    .usage('[name] --reason <text> [options]')
    .summary("accept a changed file's text, or that a file is gone")
    .description(
      [
        'Accepts, for a reason, the present text of migrations that were changed after they were applied. Runs nothing.',
        'Of a migration that is named it accepts, too, that its file is gone for good: it stays in the history as applied,',
        'and no run stops at it any more. If the file comes back, it is not applied again, but compared with what was applied.',
      ].join(' '),
    )
    .addHelpText(
      'after',
      helpAfter(
        [
          ['forerun repair 003_orders --reason "comment only"', 'its checksum becomes that of the file'],
          ['forerun repair 001_users --reason "squashed"', 'its file is gone, and that is right'],
        ],
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
          text: (rows) => repairText(rows, name),
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

function repairText(rows: readonly HistoryRow[], name: string | undefined): string {
  // A migration that is named and has no row is one in whose middle a run ended.
  if (rows.length === 0 && name !== undefined)
    return `${name} counts as not begun: the next run applies it from its start.\n`;
  if (rows.length === 0)
    return 'Nothing to repair: no applied file was changed. A migration whose file is gone must be named.\n';
  return rows
    .map((row) => `Accepted ${isMarkedGone(row) ? `that the file of ${row.name} is gone` : row.name}\n`)
    .join('');
}

function rowsText(rows: readonly HistoryRow[], done: string, nothing: string): string {
  return rows.length === 0 ? `${nothing}\n` : rows.map((row) => `${done} ${row.name}\n`).join('');
}
