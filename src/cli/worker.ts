import { ForerunError } from '../error.ts';
import type { Event, Listener } from '../events.ts';
import { errorReport } from '../error-report.ts';
import type { Request } from './request.ts';
import { endings, workerVariable, type FromSupervisor, type FromWorker, type Task } from './protocol.ts';

/** What a program gets that was started by `supervise`. */
export interface Supervision {
  readonly task: Task;
  /** What the arguments were read as. Resolves only where the supervisor was given it. */
  readonly request: Promise<Request>;
  /** Aborted with `INTERRUPTED` when the supervisor was asked to end. */
  readonly signal: AbortSignal;
  /** Hands an event to the supervisor. */
  readonly onEvent: Listener;
  /** Does the work, hands its value (or what it threw) to the supervisor, and ends this process. */
  answer(work: () => Promise<unknown>): Promise<never>;
}

/**
 * The worker's side of `supervise`: undefined where this process is nobody's worker. Call it once, before anything
 * else, since the process is bound to the life of its supervisor only from then on.
 */
export function serveSupervisor(): Supervision | undefined {
  const text = process.env[workerVariable];
  if (text === undefined || process.send === undefined) return undefined;
  // A program that this one starts is not the supervisor's worker.
  delete process.env[workerVariable];
  void import('./watchdog.ts').then(({ startWatchdog }) => startWatchdog());
  // Whoever signals the whole group (an init system, a container) signals the supervisor as well, and that one decides.
  for (const ending of endings) process.on(ending, () => {});
  const interruption = new AbortController();
  const request = new Promise<Request>((resolve) => {
    process.on('message', (message: FromSupervisor) => {
      if (message.forerun === 'begin') return resolve(message.request);
      interruption.abort(interrupted(message.signal));
      void send({ forerun: 'heard' });
    });
  });
  const events = handingOver();
  return {
    request,
    task: JSON.parse(text) as Task,
    signal: interruption.signal,
    onEvent: (event) => events.add(event),
    async answer(work) {
      const outcome = await outcomeOf(work);
      events.flush();
      await send(outcome).catch((error: unknown) => send({ forerun: 'failed', error: errorReport(error) }));
      process.exit(0);
    },
  };
}

function interrupted(signal: NodeJS.Signals): ForerunError<'INTERRUPTED'> {
  return new ForerunError('INTERRUPTED', `Interrupted (${signal}).`, { details: { by: signal } });
}

/**
 * What such an event announces may block this process for long: it is sent at once, and takes along what waits, as
 * `promoting`, which the start of its phase follows.
 */
const urgent: readonly Event['type'][] = ['phase:started', 'unprotected', 'lock:waiting', 'told'];

/** Hands events over, several in one message where they come close together: a message takes as long as a small query. */
function handingOver(): { add(event: Event): void; flush(): void } {
  let waiting: Event[] = [];
  const flush = (): void => {
    if (waiting.length > 0) void send({ forerun: 'events', events: waiting });
    waiting = [];
  };
  return {
    flush,
    add(event) {
      if (waiting.push(event) === 1) setImmediate(flush);
      if (urgent.includes(event.type)) flush();
    },
  };
}

async function outcomeOf(work: () => Promise<unknown>): Promise<FromWorker> {
  try {
    return { forerun: 'done', value: await work() };
  } catch (error) {
    return { forerun: 'failed', error: errorReport(error) };
  }
}

/** Resolves when the message has left this process, or nobody is there to take it. */
async function send(message: FromWorker): Promise<void> {
  await new Promise<void>((resolve) => {
    if (process.connected) process.send?.(message, undefined, undefined, () => resolve());
    else resolve();
  });
}
