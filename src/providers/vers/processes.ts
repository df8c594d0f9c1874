import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { copyVariable } from './call.ts';

/** Processes of this machine whose command line or environment, as far as we may read it, matches. */
export async function processesLike(pattern: RegExp, where: 'command' | 'environment'): Promise<readonly Found[]> {
  if (process.platform !== 'linux') return fromPs(pattern, where);
  const pids = (await readdir('/proc')).map(Number).filter((pid) => pid > 0 && pid !== process.pid);
  const file = where === 'command' ? 'cmdline' : 'environ';
  const texts = await Promise.all(
    pids.map(async (pid) => {
      const text = await readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '');
      return { pid, text: text.replaceAll('\0', ' ') };
    }),
  );
  return texts.filter(({ text }) => pattern.test(text));
}

export interface Found {
  readonly pid: number;
  readonly text: string;
}

/** Calls about a copy may outlive whoever made them: waits until they have ended, and ends what does not. */
export async function endCalls(copy: string, limitMs: number): Promise<void> {
  const start = performance.now();
  for (;;) {
    const calls = await processesLike(new RegExp(`(?:^| )${copyVariable}=${copy}(?: |$)`), 'environment');
    if (calls.length === 0) return;
    if (performance.now() - start > limitMs) for (const { pid } of calls) kill(pid, 'SIGKILL');
    await sleep(50);
  }
}

export function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended by itself.
  }
}

async function fromPs(pattern: RegExp, where: 'command' | 'environment'): Promise<readonly Found[]> {
  const { execa } = await import('execa');
  const flags = where === 'command' ? '-axww' : '-axEww';
  const { stdout } = await execa('ps', [flags, '-o', 'pid=,args='], { reject: false });
  return stdout
    .split('\n')
    .map((line) => ({ pid: Number.parseInt(line, 10), text: line.replace(/^\s*\d+\s*/, '') }))
    .filter(({ pid, text }) => pid !== process.pid && pattern.test(text));
}
