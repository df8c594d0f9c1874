import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { execaNode } from 'execa';
import { lifelineFd } from '../../src/cli/protocol.ts';
import { ownModule } from '../../src/own-package.ts';
import { inheritedOptions } from './node-options.ts';
import type { Order } from './protocol.ts';
import type { Port } from './wire.ts';

/** A child process, as far as it is needed here. */
export interface ChildProcess {
  readonly port: Port;
  /** Resolves with how it ended. */
  readonly ended: Promise<string>;
  /** Whether this process may end while the child waits for work. */
  idle(on: boolean): void;
  /** Ends it, and everything that it has started. */
  kill(): void;
}

/**
 * Starts the entry file of a rehearsal with the options that this Node was started with (loaders among them), in a process
 * group of its own. What it prints goes to stderr. It cannot outlive this process: it holds the other end of a pipe.
 */
export function launch(order: Order, env: Readonly<Record<string, string | undefined>>): ChildProcess {
  const subprocess = execaNode(fileURLToPath(ownModule('adapters/children/child')), [JSON.stringify(order)], {
    env,
    nodeOptions: inheritedOptions(process.execArgv),
    // The last one is the pipe; its place is `lifelineFd`.
    stdio: ['ignore', 2, 2, 'ipc', 'pipe'],
    ipc: true,
    serialization: 'advanced',
    detached: true,
    cleanup: false,
    buffer: false,
    reject: false,
  });
  const lifeline = subprocess.stdio[lifelineFd] as Socket;
  lifeline.on('error', () => {});
  return {
    port: {
      send: (message) => void (subprocess.connected && subprocess.send(message, () => {})),
      onMessage: (listener) => void subprocess.on('message', listener),
    },
    ended: subprocess.then(({ exitCode, signal, shortMessage }) =>
      exitCode === undefined ? (signal ?? shortMessage ?? 'unknown') : `exit code ${exitCode}`,
    ),
    idle(on) {
      for (const handle of [subprocess, subprocess.channel, lifeline]) {
        if (on) handle?.unref();
        else handle?.ref();
      }
    },
    kill: () => killGroup(subprocess),
  };
}

export type Launch = typeof launch;

function killGroup(subprocess: { readonly pid?: number; kill(signal: 'SIGKILL'): boolean }): void {
  if (subprocess.pid === undefined) return;
  try {
    process.kill(-subprocess.pid, 'SIGKILL');
  } catch {
    // The group is gone, or this system knows no groups.
    subprocess.kill('SIGKILL');
  }
}
