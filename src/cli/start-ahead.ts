import { interruptions, type Interruptions } from './interruptions.ts';
import { startWorker, type Program, type WorkerProcess } from './start-worker.ts';

/** A worker, and the signals of this process, which are for it from now on. */
export interface Ahead {
  readonly worker: WorkerProcess;
  readonly asked: Interruptions;
}

export function startAhead(program: Program = {}): Ahead {
  const asked = interruptions();
  const worker = startWorker(program, { kind: 'run' }, () => asked.heard());
  asked.watch(worker);
  return { worker, asked };
}

/** Ends a worker that nobody needs. */
export function endAhead({ worker, asked }: Ahead): void {
  asked[Symbol.dispose]();
  worker.kill();
}
