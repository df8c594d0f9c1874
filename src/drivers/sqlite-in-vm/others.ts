import { readdir, readFile, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathOf } from '../sqlite/target.ts';
import type { Target } from '../../seams/target.ts';

/** A process in the VM that has a database open. */
interface Opener {
  readonly pid: number;
  /** Undefined for one of ours: nobody needs to hear of it. */
  readonly name: string | undefined;
}

/**
 * Ends every other process that has a database open, in whose memory locks and open transactions came along into a copy.
 * Answers in words who they were, and how many of them are still there.
 */
export async function endOthers(main: Target): Promise<{ readonly found: readonly string[]; readonly left: number }> {
  const found = new Map<number, string>();
  const asked = new Set<number>();
  const start = performance.now();
  for (;;) {
    const openers = await openersOf(pathOf(main));
    if (openers.length === 0) return { found: [...found.values()], left: 0 };
    const waited = performance.now() - start;
    if (waited > limitMs) return { found: [...found.values()], left: openers.length };
    for (const { pid, name } of openers) {
      if (!asked.has(pid) || waited > patienceMs) kill(pid, waited > patienceMs ? 'SIGKILL' : 'SIGTERM');
      asked.add(pid);
      if (name !== undefined) found.set(pid, name);
    }
    await sleep(20);
  }
}

/** How long a process may take to end by itself. */
const patienceMs = 2000;
const limitMs = 20_000;

/** Those of a user whose processes may not be looked into have rights that this one has not: root sees all. */
async function openersOf(path: string): Promise<readonly Opener[]> {
  const files = await Promise.all(['', '-wal', '-shm', '-journal'].map((end) => keyOf(`${path}${end}`)));
  const wanted = new Set(files.filter((key) => key !== undefined));
  const pids = (await readdir('/proc')).map(Number).filter((pid) => pid > 0 && pid !== process.pid);
  const openers: Opener[] = [];
  for (const pid of pids) {
    const descriptors = await readdir(`/proc/${pid}/fd`).catch(() => []);
    const open = await Promise.all(descriptors.map((one) => keyOf(`/proc/${pid}/fd/${one}`)));
    if (open.some((key) => key !== undefined && wanted.has(key))) openers.push({ pid, name: await nameOf(pid) });
  }
  return openers;
}

async function keyOf(path: string): Promise<string | undefined> {
  const found = await stat(path, { bigint: true }).catch(() => undefined);
  return found?.isFile() ? `${found.dev}:${found.ino}` : undefined;
}

async function nameOf(pid: number): Promise<string | undefined> {
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  if (command.includes('/.forerun-agents/')) return undefined;
  const name = (await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')).trim();
  return name === '' ? 'one without a name' : `"${name}"`;
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended by itself.
  }
}
