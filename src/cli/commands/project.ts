import type { Command } from 'commander';
import { doctorText } from '../../reports/doctor-text.ts';
import { initText } from '../../reports/init-text.ts';
import { json } from '../../reports/json.ts';
import { ForerunError } from '../../error.ts';
import type { ProviderFound } from '../../verbs/init/provider.ts';
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
    .option('--vm <uuid>', 'with --provider vers: the VM that main is in; new makes one')
    .addHelpText('after', helpAfter(initExamples, plainCodes))
    .action(async (_: unknown, command: Command) => {
      const { provider: named, vm, ...flags } = command.optsWithGlobals<CommonOptions & { readonly vm?: string }>();
      const address = flags.database;
      // The configuration says it from now on.
      const output = takeOutput(flags);
      const provider = await providerFound(named, { vm, address }, process.env);
      const { init } = await import('../../verbs/init.ts');
      const done = await init(process.cwd(), provider === undefined ? {} : { provider });
      output.result(output.json ? json(done) : initText(done, output.view.style));
    });
}

const initExamples = [
  ['npx forerun init', 'in the folder of your project'],
  ['npx forerun init --provider vers --vm <uuid>', 'main is in a VM of vers.sh'],
  ['npx forerun init --provider vers --vm new --database vers:/srv/app.db', 'main is to be a SQLite file in a new one'],
] as const;

/** The others need nothing that a configuration would have to say. */
async function providerFound(
  provider: string | undefined,
  { vm, address }: { readonly vm: string | undefined; readonly address: string | undefined },
  { FORERUN_VERS_VM: given, FORERUN_VERS_CLI: cli }: NodeJS.ProcessEnv,
): Promise<ProviderFound | undefined> {
  if (provider === undefined && vm === undefined) return undefined;
  if (provider !== 'vers') {
    throw new ForerunError('USAGE', 'init sets no other provider up than vers.', {
      details: {},
      next: 'Leave --provider and --vm out, or type: forerun init --provider vers --vm <uuid>',
    });
  }
  const { versFound } = await import('../../providers/vers/init.ts');
  return versFound({
    vm: vm ?? (given === '' ? undefined : given),
    cli: cli === '' ? undefined : cli,
    database: address,
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
