import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PostgresServer } from '../postgres.ts';
import { freePort } from './launch.ts';
import { unprivileged } from './programs.ts';

export interface Pooler extends AsyncDisposable {
  readonly port: number;
}

/** PgBouncer before a server, for the role `postgres`. It ends when this is disposed of, or when this process dies. */
export async function startPooler(server: PostgresServer, mode: 'session' | 'transaction'): Promise<Pooler> {
  const as = await unprivileged();
  const folder = await mkdtemp(join(tmpdir(), 'forerun-pooler-'));
  const port = await freePort();
  const [users, config] = [join(folder, 'users'), join(folder, 'pgbouncer.ini')];
  await writeFile(users, '"postgres" ""\n');
  await writeFile(config, configuration(server.port, port, mode, users));
  if (as.uid !== undefined) for (const path of [folder, users, config]) await chown(path, as.uid, as.gid ?? as.uid);
  const path = `${process.env['PATH'] ?? ''}:/usr/sbin`;
  // It ends itself once its input is closed, which the system does when this process dies.
  const script = 'pgbouncer -q "$0" >"$1" 2>&1 & cat >/dev/null; kill $!; wait $!';
  const child = spawn('/bin/sh', ['-c', script, config, join(folder, 'log')], {
    ...as,
    cwd: folder,
    env: { PATH: path },
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const end = async (): Promise<void> => {
    child.stdin.end();
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    await rm(folder, { recursive: true, force: true });
  };
  for (const deadline = Date.now() + 20_000; !(await answers(port));) {
    if (Date.now() > deadline) {
      const log = await readFile(join(folder, 'log'), 'utf8').catch(() => 'it did not start');
      await end();
      throw new Error(`PgBouncer: ${log}`);
    }
    await sleep(20);
  }
  return { port, [Symbol.asyncDispose]: end };
}

function configuration(server: number, port: number, mode: string, users: string): string {
  return `[databases]
* = host=127.0.0.1 port=${server}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = trust
auth_file = ${users}
pool_mode = ${mode}
`;
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
