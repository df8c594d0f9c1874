import type { Config } from '../config.ts';
import type { ErrorReport, Event } from '../events.ts';
import { errorText } from '../reports/error-text.ts';
import { json } from '../reports/json.ts';
import { phaseText } from '../reports/phase-text.ts';
import type { View } from '../reports/style.ts';
import type { RunResult } from '../result.ts';
import type { RunOptions } from '../run-log.ts';
import type { CommonOptions } from './common-options.ts';
import { configFrom } from './config-from.ts';
import { takeOutput, type Output } from './output.ts';
import type { Supervised } from './supervisor.ts';
import type { Supervision } from './worker.ts';

/** One call of this program. */
export interface Cli {
  /** Set where this process is the worker of another one. */
  readonly supervision: Supervision | undefined;
  exitCode: number;
}

/** What a verb does. */
export type Work<T> = (config: Config, options: RunOptions) => Promise<T>;

/** How its value is shown. */
export interface Presentation<T> {
  readonly text: (value: T, view: View, quiet: boolean) => string;
  readonly exitCode?: (value: T) => number;
  /** What went wrong besides; it is said after the text. */
  readonly problem?: (value: T) => ErrorReport | undefined;
}

/** A short verb: here and now. A signal ends it as it ends any program, since it leaves nothing to clean up. */
export async function performHere<T>(
  cli: Cli,
  options: CommonOptions,
  work: Work<T>,
  show: Presentation<T>,
): Promise<void> {
  const output = takeOutput(options);
  const onEvent = (event: Event): void => {
    const text = output.quiet ? undefined : phaseText(event, output.aside.style);
    if (text !== undefined) output.say(`${text}\n`);
  };
  present(cli, output, await work(await configOf(options), { onEvent }), show);
}

/** A verb that may take long, in a worker, so that signals are heard and the indicator moves. */
export async function performSupervised<T>(
  cli: Cli,
  options: CommonOptions,
  name: string,
  work: Work<T>,
  show: Presentation<T>,
): Promise<void> {
  if (cli.supervision !== undefined) return serve(cli.supervision, options, work);
  const output = takeOutput(options);
  const ended = await watched(output);
  if (ended.kind === 'done') return present(cli, output, ended.value as T, show);
  await presentRun(cli, output, name, ended);
}

/** A verb whose value is the result of a run. There is one whatever happens to the worker. */
export async function performRun(cli: Cli, options: CommonOptions, name: string, work: Work<RunResult>): Promise<void> {
  if (cli.supervision !== undefined) return serve(cli.supervision, options, work);
  const output = takeOutput(options);
  // What shows the result is loaded while the worker is at work.
  const [ended] = await Promise.all([watched(output), import('./run-ending.ts'), import('./show-run.ts')]);
  await presentRun(cli, output, name, ended);
}

export async function configOf(options: CommonOptions): Promise<Config> {
  return configFrom(options, { env: process.env, cwd: process.cwd() });
}

async function serve(supervision: Supervision, options: CommonOptions, work: Work<unknown>): Promise<never> {
  const { task, signal, onEvent, answer } = supervision;
  return answer(async () => {
    // A configuration may wait for what never comes.
    const config = await Promise.race([configOf(options), rejectedBy(signal)]);
    if (task.kind === 'run') return work(config, { signal, onEvent });
    const { resolveConfig } = await import('../config.ts');
    const { recoverAfterKill } = await import('./recover-verb.ts');
    return recoverAfterKill(await resolveConfig(config), task.died);
  });
}

/** Never resolves. */
async function rejectedBy(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    if (signal.aborted) reject(signal.reason as Error);
  });
}

async function watched(output: Output): Promise<Supervised> {
  const { supervise } = await import('./supervisor.ts');
  const { startProgress } = await import('./progress.ts');
  const progress = startProgress(output);
  try {
    return await supervise(progress);
  } finally {
    progress.stop();
  }
}

function present<T>(cli: Cli, output: Output, value: T, { text, exitCode, problem }: Presentation<T>): void {
  output.result(output.json ? json(value) : text(value, output.view, output.quiet));
  const wrong = output.json ? undefined : problem?.(value);
  if (wrong !== undefined) output.say(errorText(wrong, output.aside));
  cli.exitCode = exitCode?.(value) ?? 0;
}

async function presentRun(cli: Cli, output: Output, name: string, ended: Supervised): Promise<void> {
  const { endingOf } = await import('./run-ending.ts');
  const { showRun } = await import('./show-run.ts');
  cli.exitCode = showRun(output, await endingOf(name, ended));
}
