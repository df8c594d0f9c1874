import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ForerunError } from '../../error.ts';
import { silenceMs } from './protocol.ts';
import { makeSilence } from './silence.ts';

/** An agent of the same user in the same VM. */
export interface Sibling {
  readonly folder: string;
  /** Undefined where it is only being started, or has ended. */
  readonly pid: number | undefined;
  readonly about: About;
}

/** What an agent writes down of itself for the others, in the file `about`. */
export interface About {
  /** Runs that it works for. */
  readonly runs: readonly string[];
  /** Copies whose maker it works for. */
  readonly holds: readonly string[];
}

export function siblingsOf(own: string): readonly Sibling[] {
  return readdirSync(dirname(own))
    .map((name) => join(dirname(own), name))
    .filter((folder) => folder !== own)
    .map((folder) => ({ folder, pid: pidOf(folder), about: aboutOf(folder) }));
}

/**
 * Ends agents that nobody speaks to any more and that did not end by themselves: one whose statement takes long cannot.
 * Whoever waits for what they hold would wait for nothing.
 */
export function endSilent(own: string): void {
  const silence = makeSilence((silenceMs + graceMs) / lookMs);
  setInterval(() => {
    for (const { folder, pid } of siblingsOf(own)) {
      if (!silence(join(folder, 'alive'))) continue;
      if (pid !== undefined) kill(pid);
      rmSync(folder, { recursive: true, force: true });
    }
  }, lookMs);
}

/** Ends those agents, whatever they do, and waits until they are gone: what they had not committed is rolled back. */
export async function endSiblings(which: readonly Sibling[]): Promise<void> {
  const start = performance.now();
  for (const { folder } of which) {
    for (let pid = pidOf(folder); pid !== undefined; pid = pidOf(folder)) {
      kill(pid);
      if (performance.now() - start > endLimitMs) throw notEnded(pid);
      await sleep(10);
    }
    rmSync(folder, { recursive: true, force: true });
  }
}

const graceMs = 5000;
const lookMs = 5000;
const endLimitMs = 30_000;

/** The number may be another process's by now: the folder's name stands on its command line. */
function pidOf(folder: string): number | undefined {
  try {
    const pid = Number(readFileSync(join(folder, 'pid'), 'utf8'));
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(folder) ? pid : undefined;
  } catch {
    return undefined;
  }
}

function aboutOf(folder: string): About {
  const file = join(folder, 'about');
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as About) : { runs: [], holds: [] };
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

function notEnded(pid: number): ForerunError<'LOCKED'> {
  return new ForerunError('LOCKED', `Process ${pid} in the VM, of a run that is dead, does not end.`, {
    details: {},
    next: `Look at it there, and end it: kill -9 ${pid}`,
  });
}
