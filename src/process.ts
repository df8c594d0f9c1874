import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

/** Names one process for good: the number alone is given to another process sooner or later. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly host: string;
  /** Boot and clock tick at which the process started; absent where the system does not tell. */
  readonly startTime?: string;
}

export function thisProcess(): ProcessIdentity {
  const startTime = startOf(process.pid)?.startTime;
  return { pid: process.pid, host: hostname(), ...(startTime === undefined ? {} : { startTime }) };
}

/** Whether that very process still runs. A process of another host is taken to run: from here nobody can tell. */
export function isAlive(identity: ProcessIdentity): boolean {
  if (identity.host !== hostname()) return true;
  const start = startOf(identity.pid);
  if (start === undefined) return answers(identity.pid);
  if (start.ended) return false;
  return identity.startTime === undefined || identity.startTime === start.startTime;
}

/** Names a process that runs now, so that it can be told from a later one of that number. */
export function identityOf(pid: number): ProcessIdentity {
  const startTime = startTimeOf(pid);
  return { pid, host: hostname(), ...(startTime === undefined ? {} : { startTime }) };
}

/** Whether the number is another process's by now, or the system was started anew: then nothing of that process is left. */
export function isReused({ pid, startTime }: ProcessIdentity): boolean {
  if (startTime === undefined) return false;
  const now = startTimeOf(pid);
  if (now !== undefined) return now !== startTime;
  const boot = bootId();
  return boot !== undefined && !startTime.startsWith(`${boot}:`);
}

function startTimeOf(pid: number): string | undefined {
  const start = startOf(pid)?.startTime;
  if (start !== undefined || bootId() !== undefined) return start;
  const { stdout, status } = spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' });
  return status === 0 && stdout.trim() !== '' ? stdout.trim() : undefined;
}

function bootId(): string | undefined {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  } catch {
    return undefined;
  }
}

/** What `/proc` knows; undefined where there is no such process, or no `/proc`. */
function startOf(pid: number): { readonly startTime: string; readonly ended: boolean } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const boot = bootId();
    // The name in the second field may itself hold spaces and brackets, so fields are counted after its last bracket.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    // A zombie has ended, and only waits for its parent to ask how.
    return { startTime: `${boot}:${fields[19]}`, ended: fields[0] === 'Z' || fields[0] === 'X' };
  } catch {
    return undefined;
  }
}

function answers(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
