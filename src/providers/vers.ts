import { commandWords, shellSyntax } from '../checks/command-words.ts';
import { ForerunError } from '../error.ts';
import { asFailure } from './postgres/failure.ts';
import { databaseOf } from './postgres/address.ts';
import { unknownSince } from './postgres/databases.ts';
import { makeKeeper } from './postgres/keeper.ts';
import { countsOf, haveMoved, type Counts } from './postgres/moved.ts';
import { refusePooled } from './postgres/pooled.ts';
import { sizeOf } from './postgres/make.ts';
import { openSession } from './postgres/session.ts';
import type { Checkpoint, Copy, Provider } from '../seams/provider.ts';
import type { Target } from '../seams/target.ts';
import { ensureUuid, makeVers } from './vers/client.ts';
import { listVers } from './vers/list.ts';
import { branchOf, commitOf } from './vers/make.ts';
import { awake } from './vers/pause.ts';
import { discardVers } from './vers/remove.ts';
import { promoteVers, resumeSwap } from './vers/swap.ts';
import { makeTunnels } from './vers/tunnel.ts';
import { mainOf, type World } from './vers/world.ts';

export interface VersOptions {
  /** UUID of the VM that main's server runs in. Main's address must lead there: by `vers tunnel`, for one. */
  readonly vm: string;
  /** The command line of Vers. @default 'vers' */
  readonly cli?: string;
  /** Port of the PostgreSQL server in the VM. @default 5432 */
  readonly port?: number;
  /** Database that records of copies are kept in; every deployer must name the same. @default 'postgres' */
  readonly maintenance?: string;
  /** Command that stops, in a copy, what would go on working there: applications, cron. Run by bash in the VM. @default none */
  readonly quiesce?: string;
  /** How long that command may take, in seconds. @default 60 */
  readonly quiesceLimitSeconds?: number;
  /** How long to wait until the database in a new VM answers, in seconds. @default 60 */
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
 * and a branch is a VM of its own, reached through a tunnel. At a checkpoint nothing answers: look at it through a branch.
 * Main is never put back in place: a VM from a commit has an address of its own.
 */
export function vers(options: VersOptions): Provider {
  const cli = options.cli ?? 'vers';
  const client = makeVers({ cli, limitMs: (options.callLimitSeconds ?? 200) * 1000 });
  const world: World = {
    vers: client,
    tunnels: makeTunnels({ cli, remotePort: options.port ?? 5432 }),
    keeper: makeKeeper(),
    vm: ensureUuid(options.vm),
    ...handOverOf(options),
    maintenance: options.maintenance,
    quiesce: options.quiesce,
    quiesceLimitMs: (options.quiesceLimitSeconds ?? 60) * 1000,
    readyLimitMs: (options.readyLimitSeconds ?? 60) * 1000,
    mains: new Map(),
    ours: [],
  };
  const taken = new Map<string, { readonly main: Target; readonly counts: Counts }>();
  const asCheckpoint = (made: Copy): Checkpoint => ({
    ...made,
    kind: 'checkpoint',
    [Symbol.asyncDispose]: async () => void taken.delete(made.id),
  });
  return {
    name: 'vers',
    reach: 'anywhere',
    async checkpoint(main, making) {
      making.signal?.throwIfAborted();
      // Before, so that whatever is written meanwhile counts as written since.
      const counts = await told(countsNow(main), `The checkpoint of "${databaseOf(main)}"`);
      const made = await commitOf(world, main, undefined, making);
      taken.set(made.id, { main, counts });
      return asCheckpoint(made);
    },
    branch: (from, making) => branchOf(world, from, making),
    snapshot: async (of, making) => asCheckpoint(await commitOf(world, mainOf(world, of), of, making)),
    async moved(since) {
      const known = taken.get(since.id);
      if (known === undefined) throw unknownSince(since);
      const now = await told(countsNow(known.main), 'Asking whether main was written');
      return haveMoved(known.counts, now, world.ours);
    },
    async discard(what) {
      taken.delete(what.id);
      await told(discardVers(world, what), `Throwing ${what.id} away`);
    },
    list: (main) => told(listVers(world, main), `Listing the copies of "${databaseOf(main)}"`),
    async awaken(main) {
      const woken = await awake(client, world.vm, main);
      const resumed = await told(resumeSwap(world, main), 'Looking which VM main is in');
      if (!woken) return resumed;
      const said = `VM ${world.vm} was paused, most likely by a run that died, and was resumed.`;
      return resumed === undefined ? said : `${said} ${resumed}`;
    },
    ...(world.handOver === undefined
      ? {}
      : {
          async promote(branch, since, note = () => {}) {
            const known = taken.get(since.id);
            if (known === undefined) throw unknownSince(since);
            await told(promoteVers(world, branch, known, note), `Making ${branch.id} main`);
          },
        }),
    async estimate(main) {
      await client.status(world.vm);
      await using session = await openSession(main);
      refusePooled(session);
      return { way: 'commit', bytes: await sizeOf(session, databaseOf(main)) };
    },
  };
}

function handOverOf(options: VersOptions): Pick<World, 'handOver'> {
  const { handOver: command, unshared = false } = options;
  if (command === undefined && !unshared) return {};
  if (command !== undefined) refuseCommand(command, unshared);
  const limitMs = (options.handOverLimitSeconds ?? 300) * 1000;
  return { handOver: { ...(command === undefined ? {} : { command }), limitMs } };
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

async function countsNow(main: Target): Promise<Counts> {
  await using session = await openSession(main);
  return await countsOf(session, databaseOf(main));
}

async function told<T>(doing: Promise<T>, what: string): Promise<T> {
  return doing.catch((error: unknown) => {
    throw asFailure(error, what);
  });
}
