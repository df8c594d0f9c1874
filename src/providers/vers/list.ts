import { isLeftover } from '../postgres/list.ts';
import type { ListedCopy } from '../../seams/provider.ts';
import type { Target } from '../../seams/target.ts';
import { toCopy, type VersRecord } from './records.ts';
import type { World } from './world.ts';

/** The copies of one main, oldest first. Left out are those that a living process is still making. */
export async function listVers(world: World, main: Target): Promise<readonly ListedCopy[]> {
  const copies: ListedCopy[] = [];
  const inside = world.insideOf(main);
  await inside.succession?.ensureMain(world.vm, main);
  const records = (await inside.records(main)).filter((one) => isAbout(one, world.vm, inside.nameOf(main)));
  if (records.length === 0) return [];
  const living = await inside.living(main);
  for (const record of records) {
    if (record.state === 'discarded' || record.state === 'main') continue;
    const leftover = isLeftover({ ...record, state: record.state }, living);
    if (record.state === 'making' && !leftover) continue;
    const at = leftover ? record : await reachable(world, main, record);
    world.mains.set(record.id, main);
    copies.push({ ...toCopy(at, inside.targetOf(at, main)), state: leftover ? 'leftover' : 'ready' });
  }
  return copies.toSorted((a, b) => compare(a.createdAt, b.createdAt) || compare(a.id, b.id));
}

/** The living branch of a main with that label, also where it is still being made. */
export async function livingBranch(
  world: World,
  of: Target,
  { id, vm, main, label }: VersRecord,
): Promise<VersRecord | undefined> {
  const inside = world.insideOf(of);
  const same = (await inside.records(of)).filter(
    (one) => isAbout(one, vm, main) && one.kind === 'branch' && one.label === label && one.id !== id,
  );
  if (same.length === 0) return undefined;
  const living = await inside.living(of);
  return same.find(
    (one) => (one.state === 'making' || one.state === 'ready') && !isLeftover({ ...one, state: one.state }, living),
  );
}

/** A tunnel ends with the machine that it is on; and it may be another machine that asks now. */
async function reachable(world: World, main: Target, record: VersRecord): Promise<VersRecord> {
  const { kind, made } = record;
  if (kind === 'checkpoint' || made === undefined) return record;
  // A VM that somebody deleted can be reached no more, and is listed all the same: it can be discarded.
  return world
    .insideOf(main)
    .reach({ ...record, made })
    .catch(() => record);
}

function isAbout(record: VersRecord, vm: string, main: string): boolean {
  return record.vm === vm && record.main === main;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
