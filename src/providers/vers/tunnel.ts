import { spawn, type ChildProcess } from 'node:child_process';
import { open, readFile, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ForerunError } from '../../error.ts';
import { environmentOf, ownFolder } from './call.ts';
import { ensureUuid } from './client.ts';
import { kill, processesLike } from './processes.ts';

/** Local ports that lead to a server in a VM, by `vers tunnel`, which knows nothing of reconnecting. */
export interface Tunnels {
  /** Answers the port; the one of a tunnel that is open on this machine, whoever opened it, else that one where it is free. */
  open(vm: string, preferred?: number): Promise<number>;
  /** Ends every tunnel of this machine to a VM. Safe to repeat. */
  close(vm: string): Promise<void>;
  /** Whether a tunnel of this machine leads from that port to a VM. */
  leads(port: number, vm: string): Promise<boolean>;
  /** Has a port that led to one VM lead to another. */
  move(port: number, from: string, to: string): Promise<void>;
}

export interface TunnelOptions {
  readonly cli: string;
  /** Port of the server in the VM. */
  readonly remotePort: number;
}

/**
 * A tunnel goes on when this process ends, as a branch does. While this process lives it opens one again that breaks, at
 * the same port, a few times.
 */
export function makeTunnels({ cli, remotePort }: TunnelOptions): Tunnels {
  const closing = new Set<string>();
  const start = async (vm: string, port: number, restarts: number): Promise<void> => {
    const file = join(await ownFolder(), `tunnel-${vm}.log`);
    const output = await open(file, 'w', 0o600);
    const args = ['tunnel', ensureUuid(vm), `${port}:${remotePort}`];
    const child = spawn(cli, args, {
      cwd: await ownFolder(),
      env: { ...process.env, ...environmentOf(undefined) },
      stdio: ['ignore', output.fd, output.fd],
      detached: true,
    });
    child.unref();
    try {
      await untilForwarding(vm, child, file);
    } finally {
      await output.close();
    }
    child.once('exit', () => {
      if (closing.has(vm) || restarts === 0) return;
      const again = sleep(pauseMs, undefined, { ref: false }).then(() =>
        closing.has(vm) ? undefined : start(vm, port, restarts - 1),
      );
      // What cannot be opened again is seen by whoever connects.
      again.catch(() => {});
    });
  };
  const tunnels: Tunnels = {
    async open(vm, preferred) {
      closing.delete(vm);
      const [there] = await tunnelsTo(vm);
      if (there !== undefined) return there.port;
      if (preferred !== undefined && (await isFree(preferred))) {
        await start(vm, preferred, maxRestarts);
        return preferred;
      }
      const port = await freePort();
      await start(vm, port, maxRestarts);
      return port;
    },
    async close(vm) {
      closing.add(vm);
      for (let count = 0; ; count += 1) {
        const found = await tunnelsTo(vm);
        if (found.length === 0) break;
        for (const { pid } of found) kill(pid, count < patience ? 'SIGTERM' : 'SIGKILL');
        await sleep(20);
      }
      await rm(join(await ownFolder(), `tunnel-${vm}.log`), { force: true });
    },
    leads: async (port, vm) => (await tunnelsTo(vm)).some((one) => one.port === port),
    async move(port, from, to) {
      await tunnels.close(from);
      await tunnels.close(to);
      await tunnels.open(to, port);
    },
  };
  return tunnels;
}

const maxRestarts = 5;
const pauseMs = 300;
const startLimitMs = 60_000;
/** How often it is asked to end before it is ended. */
const patience = 100;

async function tunnelsTo(vm: string): Promise<readonly { readonly pid: number; readonly port: number }[]> {
  const found = await processesLike(new RegExp(`tunnel ${ensureUuid(vm)} \\d+:`), 'command');
  return found.map(({ pid, text }) => ({ pid, port: Number(/tunnel \S+ (\d+):/.exec(text)?.[1]) }));
}

/** It says so in one line; there is no other sign of it. */
async function untilForwarding(vm: string, child: ChildProcess, file: string): Promise<void> {
  let ended: string | undefined;
  child.once('error', (error) => (ended = error.message));
  child.once('exit', (code) => (ended ??= `it ended with ${code ?? 'no code'}`));
  const deadline = performance.now() + startLimitMs;
  for (;;) {
    const said = await readFile(file, 'utf8');
    if (/^Forwarding 127\.0\.0\.1:\d+ /m.test(said)) return;
    if (ended !== undefined || performance.now() > deadline) {
      if (child.pid !== undefined) kill(child.pid, 'SIGKILL');
      throw notOpen(vm, /^Error: (.*)$/m.exec(said)?.[1] ?? ended ?? 'it took too long');
    }
    await sleep(10);
  }
}

async function isFree(port: number): Promise<boolean> {
  return listenOnce(port).then(
    () => true,
    () => false,
  );
}

async function freePort(): Promise<number> {
  return listenOnce(0);
}

function listenOnce(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      const { port: found } = server.address() as AddressInfo;
      server.close(() => resolve(found));
    });
  });
}

function notOpen(vm: string, why: string): ForerunError<'PROVIDER_FAILED'> {
  return new ForerunError('PROVIDER_FAILED', `The tunnel to VM ${vm} did not open: ${why}.`, {
    details: {},
    next: `Try it by hand: vers tunnel ${vm} 0:5432`,
  });
}
