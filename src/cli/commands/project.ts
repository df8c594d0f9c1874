import type { Command } from 'commander';
import { doctorText } from '../../reports/doctor-text.ts';
import { initText } from '../../reports/init-text.ts';
import { json } from '../../reports/json.ts';
import type { CommonOptions } from '../common-options.ts';
import { configFrom } from '../config-from.ts';
import { helpAfter, plainCodes } from '../help.ts';
import { takeOutput } from '../output.ts';
import { performHere, type Cli } from '../perform.ts';

export function addInit(program: Command): void {
  program
    .command('init')
    .summary('set a project up')
    .description(
      'Finds the framework in use, writes forerun.config, adds npm scripts (migrate:up, migrate:up:safe, …). Overwrites nothing.',
    )
    .addHelpText('after', helpAfter([['npx forerun init', 'in the folder of your project']], plainCodes))
    .action(async (_: unknown, command: Command) => {
      const output = takeOutput(command.optsWithGlobals<CommonOptions>());
      const { init } = await import('../../index.ts');
      const done = await init(process.cwd());
      output.result(output.json ? json(done) : initText(done, output.view.style));
    });
}

export function addCreate(program: Command): void {
  program
    .command('create')
    .argument('<name>', 'what it does, for example add_users')
    .summary('write a new migration')
    .description('Writes a new migration in the form of those that are there, and prints its paths.')
    .addHelpText(
      'after',
      helpAfter([['forerun create add_users', 'for example migrations/004_add_users.sql']], plainCodes),
    )
    .action(async (name: string, _: unknown, command: Command) => {
      const flags: CommonOptions = command.optsWithGlobals();
      const output = takeOutput(flags);
      const config = await configFrom(flags, { env: process.env, cwd: process.cwd(), needsDatabase: false });
      const { create } = await import('../../index.ts');
      const paths = await create(config, name);
      output.result(output.json ? json(paths) : paths.map((path) => `${path}\n`).join(''));
    });
}

export function addDoctor(program: Command, cli: Cli): void {
  program
    .command('doctor')
    .summary('look at rights, versions, disk, and what a checkpoint would cost')
    .description(
      'Looks at everything that a run needs, and says which provider would be used at what cost. Changes nothing on main.',
    )
    .addHelpText('after', helpAfter([['forerun doctor', 'before the first run on a new machine']], plainCodes))
    .action(async (_: unknown, command: Command) => {
      const flags: CommonOptions = command.optsWithGlobals();
      await performHere(cli, flags, async (config, heard) => (await import('../../index.ts')).doctor(config, heard), {
        text: (diagnoses, { style }) => doctorText(diagnoses, style),
        exitCode: (diagnoses) => (diagnoses.some(({ state }) => state === 'fail') ? 1 : 0),
      });
    });
}
