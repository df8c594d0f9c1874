import { ForerunError } from '../../error.ts';
import type { Copy } from '../../seams/provider.ts';
import type { Target } from '../../seams/target.ts';
import { notFound } from '../postgres/failure.ts';
import type { Keeper } from '../postgres/keeper.ts';
import { databaseOf, targetAtPort } from '../postgres/address.ts';
import { maintenanceOf } from '../postgres/maintenance.ts';
import { openSession, type ServerSession } from '../postgres/session.ts';
import type { Vers } from './client.ts';
import { commitTarget, readRecords, removeRecord, writeRecord, type VersRecord } from './records.ts';
import type { Tunnels } from './tunnel.ts';

/** What the parts of the provider share. */
export interface World {
  readonly vers: Vers;
  readonly tunnels: Tunnels;
  readonly keeper: Keeper;
  /** The main VM. Another one takes over from it in a swap. */
  vm: string;
  /** How that is done; absent where it must not be. */
  readonly handOver?: HandOver;
  readonly maintenance: string | undefined;
  readonly quiesce: string | undefined;
  readonly quiesceLimitMs: number;
  readonly readyLimitMs: number;
  /** Main, by the id of each copy that this process made or listed: a copy does not say where its record is. */
  readonly mains: Map<string, Target>;
  /** Ids of the transactions on main's server that wrote records. */
  readonly ours: bigint[];
}

/** How whoever uses main comes to use its successor: by a command, or nobody but this process has to. */
export interface HandOver {
  readonly command?: string;
  readonly limitMs: number;
}

/** A session where the records of a main's copies are. */
export async function openRecords({ maintenance }: World, main: Target): Promise<ServerSession> {
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

export async function recordsAbout(world: World, main: Target): Promise<readonly VersRecord[]> {
  await using session = await openRecords(world, main);
  return (await readRecords(session)).filter((one) => one.vm === world.vm);
}

export async function save(world: World, main: Target, record: VersRecord): Promise<void> {
  await using session = await openRecords(world, main);
  world.ours.push(...(await writeRecord(session, record)));
}

export async function forget(world: World, main: Target, id: string): Promise<void> {
  await using session = await openRecords(world, main);
  world.ours.push(...(await removeRecord(session, id)));
}

export function mainOf(world: World, copy: Pick<Copy, 'id' | 'kind'>): Target {
  const main = world.mains.get(copy.id);
  if (main === undefined) throw notFound(copy.id, copy.kind);
  return main;
}

/** The record of a copy that is whole. */
export async function wholeRecord(
  world: World,
  copy: Copy,
): Promise<{ readonly main: Target; readonly record: VersRecord }> {
  const main = mainOf(world, copy);
  const record = (await recordsAbout(world, main)).find((one) => one.id === copy.id);
  if (record === undefined || record.state !== 'ready') throw notFound(copy.id, copy.kind);
  ensureSame(copy, record);
  return { main, record };
}

export function ensureSame(copy: Copy, record: VersRecord): void {
  if (copy.kind === record.kind && (copy.kind === 'branch' || copy.target.url === commitTarget(record).url)) return;
  throw new ForerunError('PROVIDER_FAILED', `${copy.target.url} is no copy that Forerun made.`, {
    details: { copy: copy.id },
  });
}

export function targetOf(record: VersRecord, main: Target): Target {
  return record.kind === 'checkpoint' ? commitTarget(record) : targetAtPort(main, record.port ?? 0);
}
