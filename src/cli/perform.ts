import type { Config } from '../config.ts';
import type { ErrorReport, Event } from '../events.ts';
import { errorText } from '../reports/error-text.ts';
import { json } from '../reports/json.ts';
import { phaseText } from '../reports/phase-text.ts';
import type { View } from '../reports/style.ts';
import type { RunOptions } from '../run-log.ts';
import type { CommonOptions } from './common-options.ts';
import { takeOutput, type Output } from './output.ts';
import type { Asked, Request } from './request.ts';
import type { Ahead } from './start-ahead.ts';
import type { Supervised } from './supervisor.ts';

/** One call of this program. */
export interface Cli {
  /** A worker that was started before the arguments were read, and that nobody has taken yet. */
  ahead: Ahead | undefined;
  exitCode: number;
  /** Main's address, without a password, where a verb failed that has no run. */
  database?: string;
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
  const { configOf } = await import('./config-of.ts');
  const config = await configOf(options);
  try {
    present(cli, output, await work(config, { onEvent }), show);
  } catch (error) {
    const database = await addressOf(config);
    if (database !== undefined) cli.database = database;
    throw error;
  }
}

/** Undefined where the configuration itself is what is wrong. */
async function addressOf(config: Config): Promise<string | undefined> {
  const { resolveConfig } = await import('../config.ts');
  const setup = await resolveConfig(config).catch(() => undefined);
  return setup?.main.url;
}

/** A verb that may take long, in a worker, so that signals are heard and the indicator moves. */
export async function performSupervised<T>(
  cli: Cli,
  options: CommonOptions,
  asked: Asked,
  show: Presentation<T>,
): Promise<void> {
  const output = takeOutput(options);
  const ended = await watched(cli, output, { options, asked });
  if (ended.kind === 'done') return present(cli, output, ended.value as T, show);
  await presentRun(cli, output, asked.verb, ended);
}

/** A verb whose value is the result of a run. There is one whatever happens to the worker. */
export async function performRun(cli: Cli, options: CommonOptions, asked: Asked): Promise<void> {
  const output = takeOutput(options);
  // What shows the result is loaded while the worker is at work.
  const [ended] = await Promise.all([
    watched(cli, output, { options, asked }),
    import('./run-ending.ts'),
    import('./show-run.ts'),
  ]);
  await presentRun(cli, output, asked.verb, ended);
}

async function watched(cli: Cli, output: Output, request: Request): Promise<Supervised> {
  const { supervise } = await import('./supervisor.ts');
  const { startProgress } = await import('./progress.ts');
  const progress = startProgress(output);
  const { ahead } = cli;
  cli.ahead = undefined;
  try {
    return await supervise({ ...progress, request, ahead });
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
