import { Command } from 'commander';
import { ForerunError } from '../error.ts';
import { nearest } from '../nearest.ts';
import { packageVersion } from '../package-version.ts';
import { addCommonOptions } from './common-options.ts';
import { helpAfter, runCodes } from './help.ts';
import type { Cli } from './perform.ts';

type Add = (program: Command, cli: Cli) => void;

/** In the order in which help lists them. Some come in pairs, from one file. */
const verbs: Readonly<Record<string, () => Promise<Add>>> = {
  init: async () => (await import('./commands/project.ts')).addInit,
  create: async () => (await import('./commands/project.ts')).addCreate,
  status: async () => (await import('./commands/status.ts')).addStatus,
  up: async () => (await import('./commands/up.ts')).addUp,
  down: async () => (await import('./commands/down.ts')).addDown,
  gate: async () => (await import('./commands/gate.ts')).addGate,
  checkpoint: async () => (await import('./commands/checkpoint.ts')).addCheckpoint,
  checkpoints: async () => (await import('./commands/checkpoint.ts')).addCheckpoints,
  rollback: async () => (await import('./commands/rollback.ts')).addRollback,
  branch: async () => (await import('./commands/branch.ts')).addBranch,
  branches: async () => (await import('./commands/branch.ts')).addBranches,
  discard: async () => (await import('./commands/discard.ts')).addDiscard,
  exec: async () => (await import('./commands/exec.ts')).addExec,
  diff: async () => (await import('./commands/diff.ts')).addDiff,
  promote: async () => (await import('./commands/promote.ts')).addPromote,
  repair: async () => (await import('./commands/history.ts')).addRepair,
  baseline: async () => (await import('./commands/history.ts')).addBaseline,
  doctor: async () => (await import('./commands/project.ts')).addDoctor,
};

/** Whether the arguments name that verb: options may stand before it. */
export function verbIn(args: readonly string[]): string | undefined {
  return args.find((argument) => Object.hasOwn(verbs, argument));
}

/** The verb that help is asked for, where there is no such verb. */
export function unknownHelp([first, name]: readonly string[]): ForerunError<'USAGE'> | undefined {
  if (first !== 'help' || name === undefined || name.startsWith('-') || name === 'help' || Object.hasOwn(verbs, name))
    return undefined;
  const near = nearest(name, Object.keys(verbs));
  return new ForerunError('USAGE', `There is no verb "${name}".${near === undefined ? '' : ` Did you mean ${near}?`}`, {
    details: {},
    next: 'See: forerun --help',
  });
}

/** The command line with every verb, or with the one that it begins with. A wrong use throws; only help is printed. */
export async function newProgram(cli: Cli, args: readonly string[]): Promise<Command> {
  const program = new Command('forerun')
    .description(
      'Safe database migrations: rehearsed on a branch of the real database, judged there, and only then promoted.',
    )
    .version(packageVersion(), '--version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [verb]', 'print help for a verb')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ writeErr: () => {} })
    .exitOverride();
  addCommonOptions(program);
  program.addHelpText('after', helpAfter(examples, runCodes));
  const [first = ''] = args;
  // Loading one verb instead of all is a tenth of the time that `status` takes.
  const loaders = Object.hasOwn(verbs, first) ? [verbs[first]] : Object.values(verbs);
  for (const load of loaders) (await load?.())?.(program, cli);
  return program;
}

const examples = [
  ['forerun init', 'set a project up'],
  ['forerun status', 'where the database stands'],
  ['forerun up --safe', 'rehearse what is pending, promote what passed'],
  ['forerun up --safe --database app.db --migrations migrations', 'without a configuration file'],
  ['forerun gate --json', 'the same judgement before a deployment, main untouched'],
  ['forerun help up', 'everything about one verb'],
] as const;
