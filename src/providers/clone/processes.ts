import { readdir, readFile } from 'node:fs/promises';

/** The command line of a process; empty where there is no such process. */
export async function commandOf(pid: number): Promise<string> {
  if (process.platform === 'linux') {
    const text = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    return text.replaceAll('\0', ' ');
  }
  const { execa } = await import('execa');
  return (await execa('ps', ['-ww', '-o', 'args=', '-p', String(pid)], { reject: false })).stdout;
}

/** A process whose command line holds that text; undefined where there is none. */
export async function processWith(text: string): Promise<number | undefined> {
  if (process.platform === 'linux') {
    const pids = (await readdir('/proc')).map(Number).filter((pid) => pid > 0);
    const commands = await Promise.all(pids.map(commandOf));
    return pids.find((_, at) => commands[at]?.includes(text));
  }
  const { execa } = await import('execa');
  const { stdout } = await execa('ps', ['-axww', '-o', 'pid=,args='], { reject: false });
  const line = stdout.split('\n').find((one) => one.includes(text));
  return line === undefined ? undefined : Number.parseInt(line, 10);
}
