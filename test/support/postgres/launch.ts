import { spawn } from 'node:child_process';
import { appendFile, chmod, chown, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import type { PostgresOptions } from '../postgres.ts';
import { guard } from './guard.ts';
import { memory } from './initialised.ts';
import type { Programs } from './programs.ts';

export interface Launched {
  readonly port: number;
  readonly folder: string;
  stop(): Promise<void>;
  restart(): Promise<void>;
  kill(): Promise<void>;
}

export async function launch(use: Programs, from: string, options: PostgresOptions): Promise<Launched> {
  const folder = await mkdtemp(join(options.parent ?? memory, 'forerun-test-pg-'));
  if (use.as.uid !== undefined) await chown(folder, use.as.uid, use.as.gid ?? use.as.uid);
  await chmod(folder, 0o700);
  const guarded = guard(use, folder);
  const data = join(folder, 'data');
  await execa('cp', ['-a', from, data], { ...use.as, cwd: folder });

  const port = await freePort();
  await appendFile(join(data, 'postgresql.conf'), configuration(options, folder, port));
  const hba = join(data, 'pg_hba.conf');
  if (options.hba !== undefined) await writeFile(hba, [...options.hba, await readFile(hba, 'utf8')].join('\n'));

  try {
    await start(use, folder);
  } catch (error) {
    await guarded.end();
    throw error;
  }
  return {
    port,
    folder,
    stop: () => guarded.end(),
    async restart() {
      // Fails where the server is dead already.
      await execa(use.pgCtl, ['stop', '-D', data, '-m', 'fast', '-w'], { ...use.as, cwd: folder, reject: false });
      await start(use, folder);
    },
    async kill() {
      const pid = Number((await readFile(join(data, 'postmaster.pid'), 'utf8')).split('\n')[0]);
      process.kill(pid, 'SIGKILL');
    },
  };
}

function configuration(options: PostgresOptions, folder: string, port: number): string {
  const settings = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: folder,
    fsync: 'off',
    synchronous_commit: 'off',
    full_page_writes: 'off',
    shared_buffers: '32MB',
    max_connections: '60',
    logging_collector: 'off',
    ...options.settings,
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} = '${value.replaceAll("'", "''")}'`);
  return `\n${lines.join('\n')}\n`;
}

/** Right after a SIGKILL the old server's children still hold its shared memory, so a start is tried again. */
export async function start(use: Programs, folder: string): Promise<void> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const failure = await tryStart(use, folder, deadline);
    if (failure === undefined) return;
    if (Date.now() > deadline || !failure.includes('shared memory')) throw new Error(`PostgreSQL: ${failure}`);
    await sleep(100);
  }
}

async function tryStart(use: Programs, folder: string, deadline: number): Promise<string | undefined> {
  const data = join(folder, 'data');
  const child = spawn('/bin/sh', ['-c', 'exec "$0" -D "$1" >>"$2" 2>&1', use.postgres, data, join(folder, 'log')], {
    ...use.as,
    cwd: folder,
    stdio: 'ignore',
    // Ctrl-C on the tests is the guard's affair: a smart shutdown would wait for clients.
    detached: true,
  });
  child.unref();
  let ended = false;
  child.once('exit', () => (ended = true));
  while (!(await ready(data, child.pid))) {
    if (ended || Date.now() > deadline) return (await readFile(join(folder, 'log'), 'utf8')).slice(-2000);
    await sleep(10);
  }
  return undefined;
}

/** The first line of postmaster.pid is the server's process and the eighth its state. */
async function ready(data: string, pid: number | undefined): Promise<boolean> {
  const lines = await readFile(join(data, 'postmaster.pid'), 'utf8').then(
    (text) => text.split('\n'),
    () => [],
  );
  return lines[0] === String(pid) && lines[7]?.trim() === 'ready';
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
