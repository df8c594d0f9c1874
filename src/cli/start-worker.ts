import { fork, type ChildProcess } from 'node:child_process';
import type { ErrorReport, Event } from '../events.ts';
import { lifelineFd, workerVariable, type FromSupervisor, type FromWorker, type Task } from './protocol.ts';
import type { Request } from './request.ts';

/** The program that is run again as a worker. */
export interface Program {
  /** @default the program that runs now */
  readonly entry?: string;
  /** @default the arguments that it runs with */
  readonly args?: readonly string[];
}

export interface Ears {
  event(event: Event): void;
  /** Whatever the worker's own code, or a migration, printed. */
  output(chunk: Uint8Array): void;
}

export interface WorkerProcess {
  readonly pid: number;
  /** Settles when the process has ended and everything it said was heard. */
  readonly ended: Promise<WorkerEnd>;
  /** Whom everything is told from now on. What it prints is kept until then. */
  listen(ears: Ears): void;
  /** Tells it what to do, where it does not find that out by itself. */
  begin(request: Request): void;
  interrupt(signal: NodeJS.Signals): void;
  /** Ends it and everything in its process group at once. */
  kill(): void;
}

export type WorkerEnd =
  | { readonly kind: 'done'; readonly value: unknown }
  | { readonly kind: 'failed'; readonly error: ErrorReport }
  | { readonly kind: 'died'; readonly how: string };

/** How long a worker that has answered may take to end, in milliseconds. */
const endLimitMs = 2000;

/**
 * Runs the program again, in a session of its own so that the terminal's Ctrl-C reaches this process alone. What it
 * prints never comes to this process's stdout. `heard` is told when it has taken note of an interruption.
 */
export function startWorker(program: Program, task: Task, heard: () => void): WorkerProcess {
  const child = fork(program.entry ?? entryOfThis(), [...(program.args ?? process.argv.slice(2))], {
    detached: true,
    serialization: 'advanced',
    // A debugger's port can be taken once only.
    execArgv: process.execArgv.filter((argument) => !argument.startsWith('--inspect')),
    env: { ...process.env, [workerVariable]: JSON.stringify(task) },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc', 'pipe'],
  });
  child.stdio[lifelineFd]?.on('error', () => {});
  const kill = (): void => killGroup(child);
  const send = (message: FromSupervisor): void => {
    if (child.connected) child.send(message, () => {});
  };
  let ears: Ears | undefined;
  return {
    pid: child.pid ?? 0,
    ended: endOf(
      child,
      (message) => {
        if (message.forerun === 'heard') heard();
        if (message.forerun === 'events') for (const event of message.events) ears?.event(event);
      },
      kill,
    ),
    listen(listening) {
      ears = listening;
      for (const stream of [child.stdout, child.stderr])
        stream?.on('data', (chunk: Uint8Array) => listening.output(chunk));
    },
    begin: (request) => send({ forerun: 'begin', request }),
    interrupt: (signal) => send({ forerun: 'interrupt', signal }),
    kill,
  };
}

function entryOfThis(): string {
  const entry = process.argv[1];
  if (entry === undefined) throw new TypeError('this program has no file that could be run again');
  return entry;
}

async function endOf(child: ChildProcess, hear: (message: FromWorker) => void, kill: () => void): Promise<WorkerEnd> {
  let answer: WorkerEnd | undefined;
  let limit: NodeJS.Timeout | undefined;
  child.on('message', (message: FromWorker) => {
    hear(message);
    const end = endIn(message);
    if (end === undefined) return;
    answer = end;
    limit = setTimeout(kill, endLimitMs);
  });
  const disconnected = new Promise<void>((resolve) => void child.once('disconnect', resolve));
  const how = await new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(`could not be started: ${error.message}`));
    child.once('exit', (code, signal) =>
      resolve(signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`),
    );
  });
  clearTimeout(limit);
  if (child.pid === undefined) return { kind: 'died', how };
  // Programs that it had started must not outlive it.
  if (answer === undefined) kill();
  // The last messages may still be on their way when the process is gone already.
  await disconnected;
  await drained(child);
  return answer ?? { kind: 'died', how };
}

function endIn(message: FromWorker): WorkerEnd | undefined {
  if (message.forerun === 'done') return { kind: 'done', value: message.value };
  if (message.forerun === 'failed') return { kind: 'failed', error: message.error };
  return undefined;
}

/** A program that the worker started may hold the streams for longer than anybody wants to wait. */
async function drained(child: ChildProcess): Promise<void> {
  const streams = [child.stdout, child.stderr].filter((stream) => stream !== null);
  const ended = streams
    .filter((stream) => !stream.destroyed)
    .map((stream) => new Promise<void>((resolve) => void stream.once('close', resolve).resume()));
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => (timer = setTimeout(resolve, 200)));
  await Promise.race([Promise.all(ended), limit]);
  clearTimeout(timer);
  for (const stream of streams) stream.destroy();
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // The group is gone, or not there yet.
    child.kill('SIGKILL');
  }
}
