import { ForerunError, isForerunError } from '../../error.ts';
import type { Branch } from '../../seams/provider.ts';
import type { Target } from '../../seams/target.ts';
import { databaseOf, targetAtPort } from '../postgres/address.ts';
import type { ServerSession } from '../postgres/session.ts';
import { fence, unfence } from './fence.ts';
import { moveOn, readGeneration, refusalOfOther, refuseOther, writeGeneration, type Generation } from './generation.ts';
import { ensureMovable, handOver } from './hand-over.ts';
import type { MadeRecord, Succession, Version } from './inside.ts';
import { readRecords, writeRecord } from './records.ts';
import { openRecords, recordsOf, type Serving } from './serving.ts';

/** How a database of a server comes to be in one VM after another. */
export function successionOn(serving: Serving): Succession {
  return {
    async ensureMain(vm, main) {
      refuseOther(vm, await generationOf(serving, main));
    },
    superseded: (vm, main) =>
      generationOf(serving, main).then(
        (found) => refusalOfOther(vm, found),
        () => undefined,
      ),
    resume: (vm, main) => resumeSwap(serving, vm, main),
    promote: (main, branch, record, version) => promoteVers(serving, main, branch, record, version),
  };
}

/**
 * Main becomes a branch's VM. In that order: nobody can write to main any more; nobody has written it since the copy that
 * the branch was made of; the branch's VM says of itself that it is main; the old one says that it was superseded, from
 * where on there is no way back; whoever uses main is moved. Before that, a failure makes main what it was.
 */
async function promoteVers(
  serving: Serving,
  main: Target,
  branch: Branch,
  record: MadeRecord,
  version: Version,
): Promise<void> {
  const { vm, made } = record;
  await ensureMovable(serving, vm, main);
  const database = databaseOf(main);
  await whileOurs(serving, main, async () => {
    await using old = await openRecords(serving, main);
    const before = await readGeneration(old, database);
    refuseOther(vm, before);
    const fenced: Generation = {
      format: 1,
      main: database,
      vm,
      generation: before?.generation ?? 0,
      state: 'fenced',
      other: made,
      by: branch.id,
      handedOver: false,
      at: new Date().toISOString(),
    };
    serving.ours.push(...(await writeGeneration(old, fenced)));
    try {
      serving.ours.push(...(await fence(old, database)));
      if (await version.moved()) throw stale(database, branch);
      await succeed(serving, old, branch.target, record, fenced);
      const superseded: Generation = { ...fenced, state: 'superseded' };
      if (!(await moveOn(old, fenced, superseded))) throw takenOver(database);
    } catch (error) {
      await reopen(serving, main, fenced, branch.id);
      throw error;
    }
    await handOver(serving, main, branch.target, fenced);
  });
}

/**
 * Goes on where a process died in the middle of a swap: before there was no way back, main is opened again, and that is
 * answered in words; after it, whoever uses main is moved, and the configuration has to name the other VM.
 */
async function resumeSwap(serving: Serving, vm: string, main: Target): Promise<string | undefined> {
  const database = databaseOf(main);
  const found = await generationOf(serving, main).catch((error: unknown) => {
    if (isForerunError(error) && error.code !== 'UNREACHABLE') throw error;
    // What is wrong with the address is said by whoever connects next.
    return undefined;
  });
  if (found === undefined || found.state === 'main') {
    refuseOther(vm, found);
    return undefined;
  }
  return whileOurs(serving, main, async () => {
    // Whoever was at it may have gone on until now.
    const now = await generationOf(serving, main);
    if (now?.state === 'fenced') {
      await reopen(serving, main, now, `a recovery from ${now.by}`);
      return `A run died while it was about to hand "${database}" over to VM ${now.other}: it can be written again in VM ${vm}.`;
    }
    if (now?.state === 'superseded') await handOverAgain(serving, main, now);
    refuseOther(vm, now);
    return undefined;
  });
}

async function handOverAgain(serving: Serving, main: Target, superseded: Generation): Promise<void> {
  const there = targetAtPort(main, await serving.tunnels.open(superseded.other));
  await using session = await openRecords(serving, there);
  const successor = await readGeneration(session, superseded.main);
  if (successor?.handedOver === false) await handOver(serving, main, there, superseded);
}

async function generationOf(serving: Serving, main: Target): Promise<Generation | undefined> {
  await using session = await openRecords(serving, main);
  return await readGeneration(session, databaseOf(main));
}

/** The successor has the records of all of main's copies, and knows of itself that it is main. */
async function succeed(
  serving: Serving,
  old: ServerSession,
  branch: Target,
  { id, made: vm }: MadeRecord,
  { main, vm: before, generation, by }: Generation,
): Promise<void> {
  await using session = await openRecords(serving, branch);
  for (const one of await readRecords(old)) {
    if (one.vm !== before) continue;
    const { parent, ...rest } = one;
    // What it was made of stays, as long as there is main.
    const state = one.id === id ? 'main' : one.state;
    await writeRecord(session, {
      ...rest,
      ...(parent === undefined || parent === id ? {} : { parent }),
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
    other: before,
    by,
    handedOver: false,
    at: new Date().toISOString(),
  });
}

/**
 * Main can be connected to again, unless it was superseded meanwhile. First the row is taken from whoever wrote it: one that
 * was cut off, and lives, supersedes nothing after that.
 */
async function reopen(serving: Serving, main: Target, fenced: Generation, by: string): Promise<void> {
  await using session = await openRecords(serving, main);
  const taken = { ...fenced, by: `${by}, reopening` };
  if (!(await moveOn(session, fenced, taken))) return;
  await unfence(session, fenced.main);
  const { generation } = fenced;
  const before: Generation | undefined = generation === 0 ? undefined : { ...fenced, state: 'main', handedOver: true };
  await moveOn(session, taken, before);
}

/** One process at a time; the next one waits until it has ended, or died. */
async function whileOurs<T>(serving: Serving, main: Target, act: () => Promise<T>): Promise<T> {
  const id = `hand-over of ${databaseOf(main)}`;
  await serving.keeper.hold(recordsOf(main, serving.maintenance), id);
  try {
    return await act();
  } finally {
    await serving.keeper.release(id);
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
