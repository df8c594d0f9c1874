import { endings } from './protocol.ts';
import type { WorkerProcess } from './start-worker.ts';

export interface Interruptions extends Disposable {
  /** The first signal that asked for the end. */
  readonly by: NodeJS.Signals | undefined;
  /** From now on signals are for this worker. */
  watch(worker: WorkerProcess): void;
  /** The worker has taken note. */
  heard(): void;
}

/** A worker that hears nothing for so long is blocked: at first, and later on, while it cleans up. In milliseconds. */
const firstAnswerMs = 300;
const laterAnswerMs = 3000;
/** How long a worker that answers may take to clean up. */
const cleanUpMs = 30_000;
/** npm hands on the signal that the terminal has given to everybody already: signals so close together are one. */
const sameMs = 1000;

/** Hands signals of this process to a worker: the first one asks it to end, a second one ends it. */
export function interruptions(): Interruptions {
  let by: NodeJS.Signals | undefined;
  let current: WorkerProcess | undefined;
  let beat: NodeJS.Timeout | undefined;
  let begun = 0;
  let last: number | undefined;
  const ask = (): void => {
    if (by === undefined || current === undefined) return;
    const now = performance.now();
    const silent = now - (last ?? begun) > (last === undefined ? firstAnswerMs : laterAnswerMs);
    if (silent || now - begun > cleanUpMs) current.kill();
    else current.interrupt(by);
  };
  const listener = (signal: NodeJS.Signals): void => {
    if (by !== undefined) {
      if (performance.now() - begun > sameMs) current?.kill();
      return;
    }
    by = signal;
    begun = performance.now();
    ask();
    beat = setInterval(ask, 100);
  };
  for (const ending of endings) process.on(ending, listener);
  return {
    get by() {
      return by;
    },
    watch(worker) {
      // Only the first worker is asked; what cleans up after it has a limit of its own.
      if (current !== undefined) clearInterval(beat);
      current = worker;
    },
    heard() {
      last = performance.now();
    },
    [Symbol.dispose]() {
      clearInterval(beat);
      for (const ending of endings) process.off(ending, listener);
    },
  };
}
