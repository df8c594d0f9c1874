import type { Command } from 'commander';
import { createInterface } from 'node:readline/promises';
import { ForerunError } from '../../error.ts';
import { rollbackPreviewText, rollbackText } from '../../reports/rollback-text.ts';
import type { RollbackPreview } from '../../verbs/rollback.ts';
import { shellWord } from '../../shell-word.ts';
import type { CommonOptions } from '../common-options.ts';
import { helpAfter } from '../help.ts';
import { configOf } from '../config-of.ts';
import { takeOutput } from '../output.ts';
import { performSupervised, type Cli } from '../perform.ts';

interface Flags extends CommonOptions {
  readonly yes?: boolean;
}

export function addRollback(program: Command, cli: Cli): void {
  program
    .command('rollback')
    .argument('<checkpoint>', 'id or label of a checkpoint')
    .option('--yes', 'do not ask')
    .summary('return main to a checkpoint, discarding all that was done since')
    .description(
      'Returns main to a checkpoint. What anybody wrote since is discarded, so it is named first, and asked for. Main as ' +
        'it was before the rollback becomes a checkpoint of its own.',
    )
    .addHelpText('after', helpAfter(examples, [0, 1, 2, 4, '130/143']))
    .action(async (checkpoint: string, _: unknown, command: Command) => {
      const flags: Flags = command.optsWithGlobals();
      if (flags.yes !== true && !(await isWanted(cli, flags, checkpoint))) return;
      await performSupervised<RollbackPreview>(
        cli,
        flags,
        { verb: 'rollback', checkpoint },
        {
          text: (done, view, quiet) =>
            quiet
              ? ''
              : `${flags.yes === true ? `${rollbackPreviewText(done, view)}\n` : ''}${rollbackText(done, view)}`,
        },
      );
    });
}

const examples = [
  ['forerun rollback cp_x', 'shows what would be lost, then asks'],
  ['forerun rollback cp_x --yes', 'does not ask'],
] as const;

async function isWanted(cli: Cli, flags: Flags, checkpoint: string): Promise<boolean> {
  const output = takeOutput(flags);
  if (flags.json === true) {
    const { resolveConfig } = await import('../../config.ts');
    const { findCopy } = await import('../../verbs/find-copy.ts');
    await findCopy(await resolveConfig(await configOf(flags)), checkpoint, 'checkpoint');
    throw mustSayYes(checkpoint);
  }
  const { previewRollback } = await import('../../index.ts');
  const preview = await previewRollback(await configOf(flags), checkpoint);
  output.say(`${rollbackPreviewText(preview, output.aside)}\n`);
  if (!process.stdin.isTTY || !process.stderr.isTTY) throw mustSayYes(checkpoint);
  const question = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await question
    .question(preview.beside ? 'Make that branch? Type yes: ' : 'Return main to it? Type yes: ')
    .catch((error: Error) => {
      // Ctrl-C and Ctrl-D are answers, too.
      if (error.name !== 'AbortError') throw error;
      if (error.message.includes('Ctrl+C')) cli.exitCode = 130;
      output.say('\n');
      return 'no';
    })
    .finally(() => question.close());
  if (/^yes$/i.test(answer.trim())) return true;
  output.say('Nothing was done.\n');
  return false;
}

function mustSayYes(checkpoint: string): ForerunError<'USAGE'> {
  return new ForerunError(
    'USAGE',
    'A rollback discards what others wrote since, so a person has to agree, and here nobody can be asked.',
    {
      details: {},
      next: `If that is what you want: forerun rollback ${shellWord(checkpoint)} --yes`,
    },
  );
}
