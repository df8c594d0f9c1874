import { isLeftover, whoLives } from '../postgres/list.ts';
import type { Session } from '../../seams/driver.ts';
import type { ListedCopy } from '../../seams/provider.ts';
import type { Target } from '../../seams/target.ts';
import { databaseOf } from '../postgres/address.ts';
import { readGeneration, refuseOther } from './generation.ts';
import { readRecords, toCopy, type VersRecord } from './records.ts';
import { openRecords, targetOf, type World } from './world.ts';

/** The copies of one main, oldest first. Left out are those that a living process is still making. */
export async function listVers(world: World, main: Target): Promise<readonly ListedCopy[]> {
  const copies: ListedCopy[] = [];
  await using session = await openRecords(world, main);
  refuseOther(world.vm, await readGeneration(session, databaseOf(main)));
  const records = (await readRecords(session)).filter((one) => isAbout(one, world.vm, databaseOf(main)));
  const living = await whoLives(session);
  for (const record of records) {
    if (record.state === 'discarded' || record.state === 'main') continue;
    const leftover = isLeftover({ ...record, state: record.state }, living);
    if (record.state === 'making' && !leftover) continue;
    const at = leftover ? record : await reachable(world, record);
    world.mains.set(record.id, main);
    copies.push({ ...toCopy(at, targetOf(at, main)), state: leftover ? 'leftover' : 'ready' });
  }
  return copies.toSorted((a, b) => compare(a.createdAt, b.createdAt) || compare(a.id, b.id));
}

/** The living branch of a main with that label, also where it is still being made. */
export async function livingBranch(
  session: Session,
  records: readonly VersRecord[],
  { id, vm, main, label }: VersRecord,
): Promise<VersRecord | undefined> {
  const same = records.filter(
    (one) => isAbout(one, vm, main) && one.kind === 'branch' && one.label === label && one.id !== id,
  );
  if (same.length === 0) return undefined;
  const living = await whoLives(session);
  return same.find(
    (one) => (one.state === 'making' || one.state === 'ready') && !isLeftover({ ...one, state: one.state }, living),
  );
}

/** A tunnel ends with the machine that it is on; and it may be another machine that asks now. */
async function reachable(world: World, record: VersRecord): Promise<VersRecord> {
  if (record.kind === 'checkpoint' || record.made === undefined) return record;
  // A VM that somebody deleted can be reached no more, and is listed all the same: it can be discarded.
  const port = await world.tunnels.open(record.made, record.port).catch(() => record.port);
  return port === undefined ? record : { ...record, port };
}

function isAbout(record: VersRecord, vm: string, main: string): boolean {
  return record.vm === vm && record.main === main;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
