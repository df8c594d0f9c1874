import { ForerunError } from '../../error.ts';
import type { Branch } from '../../seams/provider.ts';
import type { Target } from '../../seams/target.ts';
import { databaseOf, targetAtPort } from '../postgres/address.ts';
import { countsOf, haveMoved, type Counts } from '../postgres/moved.ts';
import type { ServerSession } from '../postgres/session.ts';
import { fence, unfence } from './fence.ts';
import { moveOn, readGeneration, refuseOther, writeGeneration, type Generation } from './generation.ts';
import { ensureMovable, handOver } from './hand-over.ts';
import { readRecords, writeRecord, type VersRecord } from './records.ts';
import { openRecords, recordsOf, wholeRecord, type World } from './world.ts';

/**
 * Main becomes a branch's VM. In that order: nobody can write to main any more; nobody has written it since the copy that
 * the branch was made of; the branch's VM says of itself that it is main; the old one says that it was superseded, from
 * where on there is no way back; whoever uses main is moved. Before that, a failure makes main what it was.
 */
export async function promoteVers(
  world: World,
  branch: Branch,
  since: { readonly main: Target; readonly counts: Counts },
  note: (message: string) => void,
): Promise<void> {
  const { main, counts } = since;
  const { record } = await wholeRecord(world, branch);
  await ensureMovable(world, main);
  const database = databaseOf(main);
  const from = world.vm;
  await whileOurs(world, main, async () => {
    await using old = await openRecords(world, main);
    const before = await readGeneration(old, database);
    refuseOther(from, before);
    const fenced: Generation = {
      format: 1,
      main: database,
      vm: from,
      generation: before?.generation ?? 0,
      state: 'fenced',
      other: record.made ?? '',
      by: branch.id,
      handedOver: false,
      at: new Date().toISOString(),
    };
    world.ours.push(...(await writeGeneration(old, fenced)));
    try {
      world.ours.push(...(await fence(old, database)));
      if (haveMoved(counts, await countsOf(old, database), world.ours)) throw stale(database, branch);
      await succeed(world, old, branch.target, record, fenced);
      const superseded: Generation = { ...fenced, state: 'superseded' };
      if (!(await moveOn(old, fenced, superseded))) throw takenOver(database);
    } catch (error) {
      await reopen(world, main, fenced, branch.id);
      throw error;
    }
    await handOver(world, main, branch.target, fenced);
  });
  world.vm = record.made ?? '';
  note(
    `Main is VM ${world.vm} now: write that into the configuration, provider: vers({ vm: '${world.vm}' }). Until then every other run is refused.`,
  );
  note(`Nobody can connect to "${database}" in VM ${from}. Once nobody needs it: vers delete -y ${from}`);
}

/**
 * Goes on where a process died in the middle of a swap: before there was no way back, main is opened again, and that is
 * answered in words; after it, whoever uses main is moved, and the configuration has to name the other VM.
 */
export async function resumeSwap(world: World, main: Target): Promise<string | undefined> {
  const database = databaseOf(main);
  const found = await generationOf(world, main);
  if (found === undefined || found.state === 'main') {
    refuseOther(world.vm, found);
    return undefined;
  }
  return whileOurs(world, main, async () => {
    // Whoever was at it may have gone on until now.
    const now = await generationOf(world, main);
    if (now?.state === 'fenced') {
      await reopen(world, main, now, `a recovery from ${now.by}`);
      return `A run died while it was about to hand "${database}" over to VM ${now.other}: it can be written again in VM ${world.vm}.`;
    }
    if (now?.state === 'superseded') await handOverAgain(world, main, now);
    refuseOther(world.vm, now);
    return undefined;
  });
}

async function handOverAgain(world: World, main: Target, superseded: Generation): Promise<void> {
  const there = targetAtPort(main, await world.tunnels.open(superseded.other));
  await using session = await openRecords(world, there);
  const successor = await readGeneration(session, superseded.main);
  if (successor?.handedOver === false) await handOver(world, main, there, superseded);
}

async function generationOf(world: World, main: Target): Promise<Generation | undefined> {
  await using session = await openRecords(world, main);
  return await readGeneration(session, databaseOf(main));
}

/** The successor has the records of all of main's copies, and knows of itself that it is main. */
async function succeed(
  world: World,
  old: ServerSession,
  branch: Target,
  record: VersRecord,
  { main, generation, by }: Generation,
): Promise<void> {
  const vm = record.made ?? '';
  await using session = await openRecords(world, branch);
  for (const one of await readRecords(old)) {
    if (one.vm !== world.vm) continue;
    const { parent, ...rest } = one;
    // What it was made of stays, as long as there is main.
    const state = one.id === record.id ? 'main' : one.state;
    await writeRecord(session, {
      ...rest,
      ...(parent === undefined || parent === record.id ? {} : { parent }),
      vm,
      state,
    });
  }
  await writeGeneration(session, {
    format: 1,
    main,
    vm,
    generation: generation + 1,
    state: 'main',
    other: world.vm,
    by,
    handedOver: false,
    at: new Date().toISOString(),
  });
}

/**
 * Main can be connected to again, unless it was superseded meanwhile. First the row is taken from whoever wrote it: one that
 * was cut off, and lives, supersedes nothing after that.
 */
async function reopen(world: World, main: Target, fenced: Generation, by: string): Promise<void> {
  await using session = await openRecords(world, main);
  const taken = { ...fenced, by: `${by}, reopening` };
  if (!(await moveOn(session, fenced, taken))) return;
  await unfence(session, fenced.main);
  const { generation } = fenced;
  const before: Generation | undefined = generation === 0 ? undefined : { ...fenced, state: 'main', handedOver: true };
  await moveOn(session, taken, before);
}

/** One process at a time; the next one waits until it has ended, or died. */
async function whileOurs<T>(world: World, main: Target, act: () => Promise<T>): Promise<T> {
  const id = `hand-over of ${databaseOf(main)}`;
  await world.keeper.hold(recordsOf(main, world.maintenance), id);
  try {
    return await act();
  } finally {
    await world.keeper.release(id);
  }
}

function takenOver(database: string): ForerunError<'PROVIDER_FAILED'> {
  return new ForerunError('PROVIDER_FAILED', `Another run took this one for dead, and opened "${database}" again.`, {
    details: {},
    next: 'Run again. Was the connection to its server cut?',
  });
}

function stale(database: string, { id }: Branch): ForerunError<'STALE_BRANCH'> {
  return new ForerunError(
    'STALE_BRANCH',
    `"${database}" was written since the copy that ${id} was made of; it was not promoted and main is as it was.`,
    { details: { copy: id }, next: 'Run again: the rehearsal begins anew from main as it is now.' },
  );
}
