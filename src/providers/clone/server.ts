import { spawn } from 'node:child_process';
import { chown, mkdir, open, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ForerunError } from '../../error.ts';
import { configuration, hbaRules } from './configuration.ts';
import { commandOf, processWith } from './processes.ts';
import { dataOf, type CloneRecord } from './records.ts';
import type { ServerUser } from './user.ts';

export interface ServerPlace {
  /** The `postgres` program. */
  readonly program: string;
  readonly folder: string;
  readonly as: ServerUser;
}

/** Starts the private server of a clone, which goes on when this process ends. Answers once it takes connections. */
export async function startServer(place: ServerPlace, record: CloneRecord): Promise<void> {
  const { folder, as, program } = place;
  const data = dataOf(folder, record.id);
  const own = join(folder, record.id);
  const [config, hba, log] = ['postgresql.conf', 'pg_hba.conf', 'log'].map((name) => join(own, name)) as [
    string,
    string,
    string,
  ];
  // Made anew: whoever gets in may be anybody, and where it is made others can make folders, too.
  await removeSocket(record);
  await mkdir(record.socket, { mode: 0o700 });
  await writeFile(config, configuration(record.settings, { id: record.id, socket: record.socket, hba }));
  await writeFile(hba, hbaRules);
  await writeFile(log, '', { flag: 'a' });
  if (as.uid !== undefined) {
    for (const path of [record.socket, config, hba, log]) await chown(path, as.uid, as.gid ?? as.uid);
  }
  const output = await open(log, 'a');
  const child = spawn(program, ['-D', data, '-c', `config_file=${config}`], {
    ...as,
    cwd: '/',
    stdio: ['ignore', output.fd, output.fd],
    detached: true,
    env: { ...process.env, LC_ALL: 'C' },
  });
  child.unref();
  let ended: string | undefined;
  child.once('error', (error) => (ended = error.message));
  child.once('exit', () => (ended ??= 'it ended'));
  try {
    const deadline = performance.now() + startLimitMs;
    while (!(await isReady(data, child.pid))) {
      if (ended !== undefined || performance.now() > deadline) throw await notStarted(record.id, log, ended);
      await sleep(5);
    }
  } finally {
    child.removeAllListeners();
    await output.close();
  }
}

const startLimitMs = 120_000;

/** Ends it and waits. `fast` leaves files at rest; `immediate` is for what is thrown away. Safe to repeat. */
export async function stopServer(data: string, mode: 'fast' | 'immediate'): Promise<void> {
  const pid = await serverOf(data);
  if (pid === undefined) return;
  signal(pid, mode === 'fast' ? 'SIGINT' : 'SIGQUIT');
  const deadline = performance.now() + startLimitMs;
  while ((await serverOf(data)) !== undefined) {
    if (performance.now() > deadline) {
      throw new ForerunError('PROVIDER_FAILED', `The private server in ${data} (process ${pid}) does not end.`, {
        details: {},
        next: `Look at what it does, and end it: kill ${pid}`,
      });
    }
    await sleep(5);
  }
}

/** Whether a server on a data folder takes connections; one that starts or ends does not. */
export async function isServing(data: string): Promise<boolean> {
  return isReady(data, await serverOf(data));
}

/** The process of the server on a data folder; undefined where none runs. */
async function serverOf(data: string): Promise<number | undefined> {
  const [line = ''] = await statusOf(data);
  const pid = Number(line);
  // Its number may be another process's by now.
  if (pid > 0 && (await commandOf(pid)).includes(data)) return pid;
  // One that a killed process had just started has not written its number yet.
  return processWith(`-D ${data} `);
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    // It has ended by itself.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Lines of postmaster.pid: the first is the process, the eighth how far it is. */
async function statusOf(data: string): Promise<readonly string[]> {
  const text = await readFile(join(data, 'postmaster.pid'), 'utf8').catch(() => '');
  return text.split('\n');
}

async function isReady(data: string, pid: number | undefined): Promise<boolean> {
  if (pid === undefined) return false;
  const lines = await statusOf(data);
  return lines[0] === String(pid) && lines[7]?.trim() === 'ready';
}

async function notStarted(
  id: string,
  log: string,
  ended: string | undefined,
): Promise<ForerunError<'PROVIDER_FAILED'>> {
  const text = await readFile(log, 'utf8').catch(() => '');
  const why = text.match(/(?:FATAL|PANIC):.*/g)?.at(-1) ?? ended ?? 'it took too long';
  return new ForerunError('PROVIDER_FAILED', `The private server of ${id} did not start: ${why}.`, {
    details: { copy: id },
    next: 'A library that main loads may be missing on this machine; or too little memory may be free.',
  });
}

export async function removeSocket(record: CloneRecord): Promise<void> {
  await rm(record.socket, { recursive: true, force: true });
}
