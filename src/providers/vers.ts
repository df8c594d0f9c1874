import { commandWords, shellSyntax } from '../checks/command-words.ts';
import { ForerunError } from '../error.ts';
import { isInVm } from '../drivers/sqlite-in-vm/address.ts';
import type { Agents } from '../drivers/sqlite-in-vm/agents.ts';
import { asFailure } from './postgres/failure.ts';
import { unknownSince } from './postgres/databases.ts';
import type { Checkpoint, Copy, Provider } from '../seams/provider.ts';
import { awakenVers } from './vers/awaken.ts';
import { ensureUuid, makeVers } from './vers/client.ts';
import { agentsIn, filesInside } from './vers/files.ts';
import type { Version } from './vers/inside.ts';
import { listVers } from './vers/list.ts';
import { branchOf, commitOf } from './vers/make.ts';
import { promoteVers } from './vers/promote.ts';
import { discardVers } from './vers/remove.ts';
import { serverInside } from './vers/server.ts';
import type { HandOver } from './vers/serving.ts';
import { makeTunnels } from './vers/tunnel.ts';
import { mainOf, type World } from './vers/world.ts';

export interface VersOptions {
  /** UUID of the VM that main is in. The address of a server must lead there: by `vers tunnel`, for one. */
  readonly vm: string;
  /** The command line of Vers. @default 'vers' */
  readonly cli?: string;
  /** Command in the VM that works for Forerun on a SQLite file there. @default 'forerun-agent' */
  readonly agent?: string;
  /** Port of the PostgreSQL server in the VM. @default 5432 */
  readonly port?: number;
  /** Database of that server that records of copies are kept in; every deployer must name the same. @default 'postgres' */
  readonly maintenance?: string;
  /** Command that stops, in a copy, what would go on working there: applications, cron. Run by bash in the VM. @default none */
  readonly quiesce?: string;
  /** How long that command may take, in seconds. @default 60 */
  readonly quiesceLimitSeconds?: number;
  /** How long to wait until the database in a new VM answers, or what works there on a file, in seconds. @default 60 */
  readonly readyLimitSeconds?: number;
  /** How long one call of the command line may take, in seconds. @default 200 */
  readonly callLimitSeconds?: number;
  /**
   * Command that has whoever uses main use the VM that FORERUN_VERS_VM names, instead of the one in FORERUN_VERS_OLD_VM;
   * FORERUN_VERS_ADDRESS leads there from this machine. Run without a shell, and again where it failed. With it, migrations
   * that cannot be replayed are swapped in. @default none: main stays in its VM
   */
  readonly handOver?: string;
  /** How long that command may take, in seconds. @default 300 */
  readonly handOverLimitSeconds?: number;
  /** Nobody but Forerun uses the VM, through a tunnel on this machine, so that a swap needs no such command. @default false */
  readonly unshared?: boolean;
}

/**
 * Copies of a whole VM of vers.sh, memory and all: a checkpoint is a commit of the main VM, which stands still meanwhile,
 * and a branch is a VM of its own: a server in it is reached through a tunnel, and a SQLite file by commands. At a
 * checkpoint nothing answers: look at it through a branch. Main is never put back in place: a VM from a commit has an
 * address of its own.
 */
export function vers(options: VersOptions): Provider {
  const { world, agents, server } = worldOf(options);
  /** Of the checkpoints of main that this process took and did not dispose of. */
  const versions = new Map<string, Version>();
  const drop = async (id: string): Promise<void> => {
    const version = versions.get(id);
    versions.delete(id);
    await version?.close();
  };
  const asCheckpoint = (made: Copy): Checkpoint => ({
    ...made,
    kind: 'checkpoint',
    [Symbol.asyncDispose]: () => drop(made.id),
  });
  return {
    name: 'vers',
    reach: 'anywhere',
    async driver(address, root) {
      if (!isInVm(address)) return undefined;
      if (isHandedOver(options)) throw staysInVm(world.vm);
      const { sqliteInVm } = await import('../drivers/sqlite-in-vm.ts');
      return sqliteInVm({ agents, vm: world.vm, root });
    },
    async checkpoint(main, making) {
      making.signal?.throwIfAborted();
      const inside = world.insideOf(main);
      // Before, so that whatever is written meanwhile counts as written since.
      const version = await told(inside.versionOf(main), `The checkpoint of "${inside.nameOf(main)}"`);
      try {
        const made = await commitOf(world, main, undefined, making);
        versions.set(made.id, version);
        return asCheckpoint(made);
      } catch (error) {
        await version.close();
        throw error;
      }
    },
    branch: (from, making) => branchOf(world, from, making),
    snapshot: async (of, making) => asCheckpoint(await commitOf(world, mainOf(world, of), of, making)),
    async moved(since) {
      const version = versions.get(since.id);
      if (version === undefined) throw unknownSince(since);
      return told(version.moved(), 'Asking whether main was written');
    },
    async discard(what) {
      await drop(what.id);
      await told(discardVers(world, what), `Throwing ${what.id} away`);
    },
    async list(main) {
      const name = world.insideOf(main).nameOf(main);
      return told(listVers(world, main), `Listing the copies of "${name}"`);
    },
    awaken: async (main) => awakenVers(world, main),
    superseded: async (main) => world.insideOf(main).succession?.superseded(world.vm, main),
    ...(isHandedOver(options)
      ? {
          async promote(branch, since, { note = () => {} } = {}) {
            const version = versions.get(since.id);
            if (version === undefined) throw unknownSince(since);
            await told(promoteVers(world, server.succession, branch, version, note), `Making ${branch.id} main`);
          },
        }
      : {}),
    async estimate(main) {
      await world.vers.status(world.vm);
      return { way: 'commit', bytes: await world.insideOf(main).bytesOf(main) };
    },
  };
}

/** What the provider's parts share, and what is in the VM, by main's address. */
function worldOf(options: VersOptions): {
  readonly world: World;
  readonly agents: Agents;
  readonly server: ReturnType<typeof serverInside>;
} {
  const cli = options.cli ?? 'vers';
  const client = makeVers({ cli, limitMs: (options.callLimitSeconds ?? 200) * 1000 });
  const vm = ensureUuid(options.vm);
  const readyLimitMs = (options.readyLimitSeconds ?? 60) * 1000;
  const agents = agentsIn(client, { agent: options.agent ?? 'forerun-agent', readyLimitMs });
  const quiet = {
    vers: client,
    quiesce: options.quiesce,
    quiesceLimitMs: (options.quiesceLimitSeconds ?? 60) * 1000,
  };
  const files = filesInside({ ...quiet, vm, agents });
  const server = serverInside({
    ...quiet,
    tunnels: makeTunnels({ cli, remotePort: options.port ?? 5432 }),
    maintenance: options.maintenance,
    ...(isHandedOver(options) ? { handOver: handOverOf(options) } : {}),
    readyLimitMs,
  });
  const world: World = {
    vers: client,
    vm,
    insideOf(main) {
      if (!isInVm(main.url)) return server;
      if (isHandedOver(options)) throw staysInVm(world.vm);
      return files;
    },
    mains: new Map(),
  };
  return { world, agents, server };
}

/** Whether main may come to be in another VM. */
function isHandedOver({ handOver, unshared = false }: VersOptions): boolean {
  return handOver !== undefined || unshared;
}

function handOverOf(options: VersOptions): HandOver {
  const { handOver: command, unshared = false } = options;
  if (command !== undefined) refuseCommand(command, unshared);
  const limitMs = (options.handOverLimitSeconds ?? 300) * 1000;
  return { ...(command === undefined ? {} : { command }), limitMs };
}

/** It is run without a shell, and must not mean something else there. */
function refuseCommand(command: string, unshared: boolean): void {
  const found = commandWords(command).length === 0 ? 'no word' : shellSyntax(command);
  if (found === undefined && !unshared) return;
  const why =
    found === undefined ? 'and unshared exclude each other' : `is run without a shell, and has ${found} in it`;
  throw new ForerunError('CONFIG', `The option handOver of the provider vers ${why}.`, {
    details: { keys: ['provider'] },
    next: "Name a program and what it is given: vers({ …, handOver: './move-traffic.sh' })",
  });
}

/** Then nothing but SQL is promoted, which is replayed where main is. */
function staysInVm(vm: string): ForerunError<'CONFIG'> {
  return new ForerunError('CONFIG', `A SQLite file stays in VM ${vm}: it cannot be handed over to another VM.`, {
    details: { keys: ['provider'] },
    next: "Leave out the provider's options handOver and unshared, which are for servers: what is promoted is replayed on the file.",
  });
}

async function told<T>(doing: Promise<T>, what: string): Promise<T> {
  return doing.catch((error: unknown) => {
    throw asFailure(error, what);
  });
}
