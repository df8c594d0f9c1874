import type { ErrorReport, Event } from '../events.ts';
import type { Request } from './request.ts';

/** Names the environment variable that makes a program a worker. It holds a task as JSON. */
export const workerVariable = 'FORERUN_WORKER';

/** File descriptor of the pipe whose other end the supervisor holds; it ends when the supervisor does. */
export const lifelineFd = 4;

/** What a worker is started for. */
export type Task = { readonly kind: 'run' } | { readonly kind: 'recover'; readonly died: Died };

/** A worker that did not end by itself, as far as its supervisor knew it. */
export interface Died {
  readonly pid: number;
  /** Absent where it died before it began a run. */
  readonly run?: string;
  /** Whether anything of it may be on main. */
  readonly promoting: boolean;
}

export type FromWorker =
  | { readonly forerun: 'events'; readonly events: readonly Event[] }
  | { readonly forerun: 'heard' }
  | { readonly forerun: 'done'; readonly value: unknown }
  | { readonly forerun: 'failed'; readonly error: ErrorReport };

export type FromSupervisor =
  | { readonly forerun: 'interrupt'; readonly signal: NodeJS.Signals }
  /** What the arguments were read as; a program that reads its own is not told. */
  | { readonly forerun: 'begin'; readonly request: Request };

/** Signals that ask a program to end. */
export const endings: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];
