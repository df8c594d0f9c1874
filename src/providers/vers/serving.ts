import { ForerunError } from '../../error.ts';
import type { Target } from '../../seams/target.ts';
import { databaseOf } from '../postgres/address.ts';
import type { Keeper } from '../postgres/keeper.ts';
import { maintenanceOf } from '../postgres/maintenance.ts';
import { openSession, type ServerSession } from '../postgres/session.ts';
import type { Quiet } from './quiet.ts';
import type { Tunnels } from './tunnel.ts';

export interface ServerOptions extends Quiet {
  readonly tunnels: Tunnels;
  readonly maintenance: string | undefined;
  readonly readyLimitMs: number;
  /** How a main comes to be in another VM; absent where it must not. */
  readonly handOver?: HandOver;
}

/** How whoever uses main comes to use its successor: by a command, or nobody but this process has to. */
export interface HandOver {
  readonly command?: string;
  readonly limitMs: number;
}

/** What the parts share that have to do with servers. */
export interface Serving extends ServerOptions {
  readonly keeper: Keeper;
  /** Ids of the transactions on main's server that wrote records. */
  readonly ours: bigint[];
}

/** A session where the records of a main's copies are. */
export async function openRecords({ maintenance }: ServerOptions, main: Target): Promise<ServerSession> {
  return openSession(recordsOf(main, maintenance));
}

/** The database that the records are in, on main's server or on a copy of it. */
export function recordsOf(target: Target, maintenance: string | undefined): Target {
  if (maintenance === undefined && databaseOf(target) === 'postgres') {
    // The other choice is what new databases are made from.
    throw new ForerunError('CONFIG', 'Records of copies cannot be kept beside a main that is called "postgres".', {
      details: { keys: ['provider'] },
      next: "Name another database of the server for that: vers({ …, maintenance: 'forerun' })",
    });
  }
  return maintenanceOf(target, { maintenance });
}
