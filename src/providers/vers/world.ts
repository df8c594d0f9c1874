import { ForerunError } from '../../error.ts';
import type { Copy } from '../../seams/provider.ts';
import type { Target } from '../../seams/target.ts';
import { notFound } from '../postgres/failure.ts';
import type { Vers } from './client.ts';
import type { Inside } from './inside.ts';
import { commitTarget, type VersRecord } from './records.ts';

/** What the parts of the provider share. */
export interface World {
  readonly vers: Vers;
  /** The main VM. Another one takes over from it in a swap. */
  vm: string;
  /** By main's address. */
  insideOf(main: Target): Inside;
  /** Main, by the id of each copy that this process made or listed: a copy does not say where its record is. */
  readonly mains: Map<string, Target>;
}

export async function recordsAbout(world: World, main: Target): Promise<readonly VersRecord[]> {
  return (await world.insideOf(main).records(main)).filter((one) => one.vm === world.vm);
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
