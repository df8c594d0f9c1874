import type { ErrorReport, Event, Listener } from '../events.ts';
import type { Died } from './protocol.ts';
import type { Recovery } from './recover-verb.ts';
import type { Request } from './request.ts';
import { startAhead, type Ahead } from './start-ahead.ts';
import { startWorker, type Program, type WorkerProcess } from './start-worker.ts';

export type { Program } from './start-worker.ts';

export interface SuperviseOptions extends Program {
  /** What the worker is to do. @default it reads the program's arguments */
  readonly request?: Request;
  /** A worker that was started already. */
  readonly ahead?: Ahead | undefined;
  /** Told every event of the worker. */
  readonly onEvent?: Listener;
  /** Whatever the worker printed. @default written to stderr */
  readonly onOutput?: (chunk: Uint8Array) => void;
}

/** How the work ended. `by` names the signal that asked for the end, where one did. */
export type Supervised =
  | { readonly kind: 'done'; readonly value: unknown; readonly events: readonly Event[]; readonly by?: NodeJS.Signals }
  | {
      readonly kind: 'failed';
      readonly error: ErrorReport;
      readonly events: readonly Event[];
      readonly by?: NodeJS.Signals;
    }
  | Cut;

/** The worker did not end by itself; what it left was cleaned up, or `recovery` says why not. */
export interface Cut {
  readonly kind: 'cut';
  readonly how: string;
  readonly by?: NodeJS.Signals;
  readonly events: readonly Event[];
  /** From the worker's start to its end. */
  readonly ms: number;
  /** From its last event to its end. */
  readonly silentMs: number;
  readonly recovery: Recovery | ErrorReport;
}

/** How long a recovery may take, in milliseconds. */
const recoveryLimitMs = 30_000;

/**
 * Runs this program again as a worker and watches over it, because a database client that blocks the event loop cannot
 * hear a signal. SIGINT, SIGTERM and SIGHUP reach the worker as an aborted `signal`; one that does not answer is blocked
 * in a statement and is killed, and what it left is cleaned up by a second worker. The worker never outlives this process.
 */
export async function supervise(options: SuperviseOptions = {}): Promise<Supervised> {
  const events: Event[] = [];
  const start = performance.now();
  let last = start;
  const output = options.onOutput ?? ((chunk: Uint8Array): void => void process.stderr.write(chunk));
  const { worker, asked } = options.ahead ?? startAhead(options);
  using _signals = asked;
  worker.listen({
    event(event) {
      events.push(event);
      last = performance.now();
      options.onEvent?.(event);
    },
    output,
  });
  if (options.request !== undefined) worker.begin(options.request);
  const end = await worker.ended;
  const by = asked.by === undefined ? {} : { by: asked.by };
  if (end.kind !== 'died') return { ...end, events, ...by };
  const now = performance.now();
  const recovery = await recoverFrom(worker, events, options, (second) => asked.watch(second));
  return { kind: 'cut', how: end.how, events, ms: now - start, silentMs: now - last, recovery, ...by };
}

async function recoverFrom(
  worker: WorkerProcess,
  events: readonly Event[],
  options: SuperviseOptions,
  watch: (worker: WorkerProcess) => void,
): Promise<Recovery | ErrorReport> {
  const run = events.find((event) => event.type === 'run:started')?.run;
  const promoting = events.some((event) => event.type === 'promoting');
  const died: Died = { pid: worker.pid, promoting, ...(run === undefined ? {} : { run }) };
  options.onEvent?.({ type: 'phase:started', phase: 'recover', at: new Date().toISOString() });
  // The program says once more what it says at its start; nobody needs to read that again.
  const second = startWorker(options, { kind: 'recover', died }, () => {});
  second.listen({ event: () => {}, output: () => {} });
  if (options.request !== undefined) second.begin(options.request);
  watch(second);
  const limit = setTimeout(() => second.kill(), recoveryLimitMs);
  const end = await second.ended;
  clearTimeout(limit);
  if (end.kind === 'done') return end.value as Recovery;
  return end.kind === 'failed' ? end.error : { code: 'UNEXPECTED', message: `The clean-up ${end.how}.` };
}
