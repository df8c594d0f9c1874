import { pathToFileURL } from 'node:url';
import type { ApplyHere } from './protocol.ts';

/** Names one instance for good, a `safeUmzug` for example: the module that makes it, and which of that module's it is. */
export interface Place {
  /** Address of the module, or empty where it was not given. */
  readonly module: string;
  readonly ordinal: number;
}

/** Present in a child process that rehearses, and nowhere else. */
export interface Rehearsing {
  /** Told of each instance that the loaded module makes. */
  found(place: Place, apply: ApplyHere): void;
  /** Told when the module gives one of them a command: it will come no further. */
  reached(): void;
}

interface Registry {
  readonly made: Map<string, number>;
  rehearsing?: Rehearsing;
}

/** Notes a new instance and says how a child process will find it. */
export function register(module: string | undefined, apply: ApplyHere): Place {
  const { made, rehearsing } = registry();
  const address = module === undefined ? '' : addressOf(module);
  const place = { module: address, ordinal: made.get(address) ?? 0 };
  made.set(address, place.ordinal + 1);
  rehearsing?.found(place, apply);
  return place;
}

export function beginRehearsing(rehearsing: Rehearsing): void {
  registry().rehearsing = rehearsing;
}

/**
 * In a child process no command of the loaded module may run, nor anything that waits for one; there this never settles.
 * Elsewhere it does nothing.
 */
export async function stopIfRehearsing(): Promise<void> {
  const { rehearsing } = registry();
  if (rehearsing === undefined) return;
  rehearsing.reached();
  await new Promise<never>(() => {});
}

export function addressOf(module: string): string {
  return module.startsWith('file:') ? module : pathToFileURL(module).href;
}

/** One for the whole process, also where this file is loaded twice: as it is, and through a loader. */
function registry(): Registry {
  const place = globalThis as { [key]?: Registry };
  place[key] ??= { made: new Map() };
  return place[key];
}

const key: unique symbol = Symbol.for('forerun.made');
