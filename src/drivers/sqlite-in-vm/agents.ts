import { makeLink, type Link } from './link.ts';
import { startAgent, type StartOptions } from './start.ts';
import { makeTokens, type Tokens } from './tokens.ts';

/** The agents that this process has started, one in each VM that it has to do with. */
export interface Agents {
  /** What is called in another process by number. */
  readonly tokens: Tokens;
  /** The one in that VM, working for that run; started where there is none, or where it has ended. */
  in(vm: string, run?: string): Promise<Link>;
  /** Asks one, and answers what it said. */
  ask<T>(vm: string, method: string, ...args: readonly unknown[]): Promise<T>;
  /** Ends the one in that VM. Safe to repeat. */
  end(vm: string): Promise<void>;
  /** Forgets the one in that VM, which is gone. */
  forget(vm: string): void;
  endAll(): Promise<void>;
}

export function makeAgents(options: StartOptions): Agents {
  const links = new Map<string, Promise<Link>>();
  const tokens = makeTokens();
  const start = async (vm: string): Promise<Link> =>
    makeLink({ run: options.run, vm, token: await startAgent(vm, options) }, tokens.methods);
  /** One that could not be spoken to any more may still do what it was told last: it is ended before anything is asked. */
  const startAnew = async (vm: string, lost: Link): Promise<Link> => {
    const link = await start(vm);
    await link.peer.call('endAgent', lost.token);
    return link;
  };
  const linkIn = async (vm: string): Promise<Link> => {
    const known = links.get(vm);
    const lost = await known?.catch(() => undefined);
    if (known !== undefined && lost?.failure() === undefined) return known;
    if (links.get(vm) !== known) return linkIn(vm);
    const starting = lost === undefined ? start(vm) : startAnew(vm, lost);
    links.set(vm, starting);
    starting.catch(() => links.delete(vm));
    return starting;
  };
  const end = async (vm: string): Promise<void> => {
    const link = await links.get(vm)?.catch(() => undefined);
    links.delete(vm);
    await link?.end();
  };
  return {
    tokens,
    async in(vm, forRun) {
      const link = await linkIn(vm);
      if (forRun !== undefined) link.workFor(forRun);
      return link;
    },
    ask: async <T>(vm: string, method: string, ...args: readonly unknown[]) =>
      (await (await linkIn(vm)).peer.call(method, ...args)) as T,
    end,
    forget: (vm) => void links.delete(vm),
    async endAll() {
      await Promise.all([...links.keys()].map(end));
    },
  };
}
