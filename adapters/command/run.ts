import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { execaNode } from 'execa';
import { identityOf, type ProcessIdentity } from '../../src/process.ts';
import { ownModule } from '../../src/own-package.ts';
import { endGroup } from '../../src/process-group.ts';
import { inheritedOptions } from '../children/node-options.ts';
import type { Ended, Order, ToKeeper } from './protocol.ts';
import { tailOf } from './tail.ts';

export interface Running {
  readonly order: Order;
  readonly limitMs: number;
  readonly signal: AbortSignal;
  /** Awaited before the command begins. */
  starting(keeper: ProcessIdentity): Promise<void>;
}

export interface Outcome extends Ended {
  readonly timedOut: boolean;
  /** The end of what it printed. */
  readonly tail: string;
}

/**
 * Runs a command under a keeper that leads its process group, and waits until nothing of the group is left. What it prints
 * goes to stderr. An aborted signal ends it.
 */
export async function runCommand({ order, limitMs, signal, starting }: Running): Promise<Outcome> {
  signal.throwIfAborted();
  const keeper = startKeeper();
  const { pid } = keeper;
  if (pid === undefined)
    return { unstarted: 'its keeper could not be started', left: 0, escaped: [], timedOut: false, tail: '' };
  const tail = tailOf([keeper.stdout, keeper.stderr]);
  let ended: Ended | undefined;
  keeper.on('message', (message) => void (ended = message as unknown as Ended));
  const send = (message: ToKeeper): void => void (keeper.connected && keeper.send(message, () => {}));
  const end = (): void => send({ do: 'end' });
  let timedOut = false;
  let limit: NodeJS.Timeout | undefined;
  // Its last message may still be on its way when it is gone.
  const gone = Promise.all(['exit', 'disconnect'].map((event) => once(keeper, event)));
  signal.addEventListener('abort', end, { once: true });
  try {
    await starting(identityOf(pid));
    send({ do: 'go', order });
    if (signal.aborted) end();
    limit = setTimeout(() => {
      timedOut = true;
      end();
    }, limitMs);
    await gone;
  } finally {
    clearTimeout(limit);
    signal.removeEventListener('abort', end);
    if (keeper.connected) keeper.disconnect();
    await gone;
    // Where the keeper was killed, the others of its group are there still.
    await endGroup(pid);
  }
  return { ...(ended ?? { signal: 'SIGKILL', left: 0, escaped: [] }), timedOut, tail: await tail.end() };
}

/** In a session of its own, so that no signal of a terminal reaches it, and nobody's end but ours is its end. */
function startKeeper() {
  const keeper = execaNode(fileURLToPath(ownModule('adapters/command/keeper')), [], {
    nodeOptions: inheritedOptions(process.execArgv),
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    ipc: true,
    detached: true,
    cleanup: false,
    buffer: false,
    reject: false,
  });
  // How it ended is told by its exit.
  void keeper.catch(() => {});
  return keeper;
}
