import type { DownAction, UmzugCLI, UpAction } from 'umzug';
import { isForerunError } from '../../src/error.ts';
import type { RunResult } from '../../src/result.ts';
import type { RunOptions } from '../../src/run-log.ts';
import type { Direction } from '../../src/seams/source.ts';
import type { Setup } from '../../src/setup.ts';

/** Gives an action of Umzug's command line the flag `--safe`, and tells whether it was set just before the action runs. */
export function addSafeFlag(cli: UmzugCLI, verb: Direction, told: (safe: boolean) => void): void {
  const action = cli.getAction(verb) as UpAction | DownAction;
  const flag = action.defineFlagParameter({
    parameterLongName: '--safe',
    description:
      'Rehearse on a branch of the database first, and change the database only where everything passes. (Also: MIGRATE_SAFE=1.)',
  });
  const execute = action.onExecute.bind(action);
  action.onExecute = async () => {
    const { isSafe, refuseKeptByNpm } = await import('../../src/cli/flags.ts');
    const safe = isSafe(flag.value, process.env);
    if (safe) refuseKeptByNpm(verb, ['to', 'step', 'name', 'rerun'], process.env);
    told(safe);
    await execute();
  };
}

/**
 * Umzug's command line prints the message of an error alone and exits with 1: says what to do next, and the code that we
 * promise. An error that tells what a shown run has told is not printed once more.
 */
export function explainErrors(cli: UmzugCLI, isTold: (error: unknown) => boolean): void {
  for (const action of cli.actions as unknown as readonly {
    onExecute(): Promise<void>;
    readonly actionName: string;
  }[]) {
    const execute = action.onExecute.bind(action);
    action.onExecute = async () => {
      try {
        await execute();
      } catch (error) {
        if (isTold(error)) return;
        // Umzug wraps what a migration throws.
        const ours = error instanceof Error && isForerunError(error.cause) ? error.cause : error;
        if (!isForerunError(ours)) throw error;
        const { failedRun } = await import('../../src/cli/run-ending.ts');
        const { errorReport } = await import('../../src/error-report.ts');
        process.exitCode = failedRun(action.actionName, errorReport(ours)).exitCode;
        throw ours.next === undefined ? error : new Error(`${ours.message}\n→ ${ours.next}`, { cause: ours });
      }
    };
  }
}

/** Whether arguments are those that this program was started with. */
export function isOwnCommandLine(argv: readonly string[] | undefined): boolean {
  const own = process.argv.slice(2);
  return argv === undefined || (argv.length === own.length && argv.every((argument, at) => argument === own[at]));
}

/**
 * Whether Node can start this program once more by itself. Not TypeScript that Node was not told how to load: another
 * program, such as `jiti`, has loaded that.
 */
export function canStartAgain(): boolean {
  const options = `${process.execArgv.join(' ')} ${process.env['NODE_OPTIONS'] ?? ''}`;
  return (
    !/\.[cm]?tsx?$/.test(process.argv[1] ?? '') ||
    ('typescript' in process.features && Boolean(process.features.typescript)) ||
    /(?:^|\s)(?:-r|--(?:import|require|loader|experimental-loader))\b/.test(options)
  );
}

/** Work that a safe command does, and the command line that it came by. */
export interface SafeCommand {
  readonly verb: Direction;
  /** Whether this program can be started once more with the same arguments. */
  readonly own: boolean;
  readonly setup: () => Promise<Setup>;
  readonly run: (options: RunOptions) => Promise<RunResult>;
}

/**
 * Runs a safe command and shows it as `forerun` does. Where it can, it has a worker do the work: this program, started
 * once more, so that this process hears Ctrl-C also while a statement blocks the worker.
 */
export async function runCommandLine(command: SafeCommand): Promise<RunResult> {
  const { serveSupervisor } = await import('../../src/cli/worker.ts');
  const supervision = command.own ? serveSupervisor() : undefined;
  if (supervision !== undefined) {
    const { task, signal, onEvent } = supervision;
    const { recoverAfterKill } = await import('../../src/cli/recover-verb.ts');
    return supervision.answer(async () =>
      task.kind === 'recover' ? recoverAfterKill(await command.setup(), task.died) : command.run({ signal, onEvent }),
    );
  }
  return shown(command);
}

async function shown({ verb, own, setup, run }: SafeCommand): Promise<RunResult> {
  const { takeOutput } = await import('../../src/cli/output.ts');
  const { startProgress } = await import('../../src/cli/progress.ts');
  const { superviseRun } = await import('../../src/cli/run-ending.ts');
  const { showRun } = await import('../../src/cli/show-run.ts');
  const ours = Object.getOwnPropertyDescriptor(process.stdout, 'write');
  // Where no configuration of Forerun says which database is meant, what is advised must.
  const { main } = await setup();
  const output = takeOutput({ database: main.path ?? main.url });
  const progress = startProgress(output);
  try {
    const result = await (own ? superviseRun(verb, progress) : run({ onEvent: progress.onEvent }));
    progress.stop();
    process.exitCode = showRun(output, result);
    return result;
  } finally {
    progress.stop();
    // The program goes on, and what it prints from now on is its own.
    if (ours === undefined) Reflect.deleteProperty(process.stdout, 'write');
    else Object.defineProperty(process.stdout, 'write', ours);
  }
}
