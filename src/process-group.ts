import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** How long what was asked to end may take, in milliseconds, before it is killed; and then, before it is given up. */
const graceMs = 2000;
const patienceMs = 12_000;

/**
 * Ends every process of a group but one, and waits until they are gone: by SIGTERM, then by SIGKILL. Answers with those
 * that are there still.
 */
export async function endGroup(group: number, but?: number): Promise<readonly number[]> {
  const start = performance.now();
  const asked = new Set<number>();
  for (;;) {
    const members = (await groupMembers(group)).filter((pid) => pid !== but);
    const elapsed = performance.now() - start;
    if (members.length === 0 || elapsed > patienceMs) return members;
    for (const pid of members) {
      if (elapsed > graceMs) send(pid, 'SIGKILL');
      else if (!asked.has(pid)) send(pid, 'SIGTERM');
      asked.add(pid);
    }
    await sleep(25);
  }
}

/** The processes of a group that have not ended. None on a system that knows no groups. */
export async function groupMembers(group: number): Promise<readonly number[]> {
  return (await processes()).flatMap((one) => (one.group === group && !one.ended ? [one.pid] : []));
}

/**
 * Processes in whose environment a variable has this value, whatever group they are in: a program that has put itself
 * into a group of its own keeps what it was started with. None where the system does not show it.
 */
export async function processesWith(variable: string, value: string): Promise<readonly number[]> {
  const found = (await processes()).map(async ({ pid, ended }) => {
    if (ended) return [];
    const text = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '');
    return text.split('\0').includes(`${variable}=${value}`) ? [pid] : [];
  });
  return (await Promise.all(found)).flat();
}

interface Listed {
  readonly pid: number;
  readonly group: number;
  /** A zombie has ended, and only waits for its parent to ask how. */
  readonly ended: boolean;
}

async function processes(): Promise<readonly Listed[]> {
  const entries = await readdir('/proc').catch(() => []);
  const pids = entries.filter((name) => /^\d+$/.test(name)).map(Number);
  if (pids.length === 0) return listedByPs();
  return (await Promise.all(pids.map(inProc))).filter((one) => one !== undefined);
}

async function inProc(pid: number): Promise<Listed | undefined> {
  // One that ended meanwhile has no file any more.
  const text = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => undefined);
  if (text === undefined) return undefined;
  // The name in the second field may itself hold spaces and brackets, so fields are counted after its last bracket.
  const [state = '', , group] = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { pid, group: Number(group), ended: 'ZX'.includes(state) };
}

async function listedByPs(): Promise<readonly Listed[]> {
  const { execa } = await import('execa');
  const { stdout, exitCode } = await execa('ps', ['-A', '-o', 'pid=,pgid=,stat='], { reject: false });
  if (exitCode !== 0) return [];
  return stdout.split('\n').map((line) => {
    const [pid, group, state = ''] = line.trim().split(/\s+/);
    return { pid: Number(pid), group: Number(group), ended: state.startsWith('Z') };
  });
}

/** What is gone meanwhile, or is another user's, is told by who is there afterwards. */
function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    return;
  }
}
