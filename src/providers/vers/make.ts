import { ForerunError, messageOf } from '../../error.ts';
import { thisProcess } from '../../process.ts';
import type { Branch, Checkpoint, Copy, Making } from '../../seams/provider.ts';
import type { Target } from '../../seams/target.ts';
import { asFailure } from '../postgres/failure.ts';
import { newId } from '../postgres/records.ts';
import { livingBranch } from './list.ts';
import { toCopy, type VersRecord } from './records.ts';
import { removeMade } from './remove.ts';
import { certain, madeFor } from './settle.ts';
import { recordsAbout, wholeRecord, type World } from './world.ts';

/** A commit of a VM: of the main one, or of a branch's. */
export async function commitOf(world: World, main: Target, of: Copy | undefined, making: Making): Promise<Copy> {
  const source = of === undefined ? undefined : (await wholeRecord(world, of)).record;
  const vm = source?.made ?? world.vm;
  const inside = world.insideOf(main);
  const asked = source === undefined ? main : inside.targetOf(source, main);
  const bytes = await inside.bytesOf(asked);
  const base = newRecord(world, main, 'checkpoint', making, { vm }, of);
  const record = { ...base, bytes, proof: source?.id ?? base.id };
  return makeRecorded(world, main, record, making, async () => {
    const commit = (): Promise<string> => world.vers.commit(vm, record.name, record.id);
    const { result, still, resumed } = await inside.whilePaused(vm, asked, () =>
      certain(commit, async () => madeFor(world.vers, record, await recordsAbout(world, main))),
    );
    const made = { ...record, made: result.id };
    await inside.save(main, made);
    for (const one of result.others) await world.vers.deleteCommit(one);
    const name = await nameIt(world, made, making);
    making.note?.(`VM ${vm} stood still ${still}${resumed ? ', and had to be resumed' : ''}.`);
    if (result.wasInDoubt !== undefined) making.note?.(`${result.wasInDoubt} It had happened: commit ${result.id}.`);
    return { ...made, name };
  });
}

/** A VM from a commit, or a branch of a branch's VM. */
export async function branchOf(world: World, from: Checkpoint | Branch, making: Making): Promise<Branch> {
  const { main, record: source } = await wholeRecord(world, from);
  const made = source.made ?? '';
  const of = source.kind === 'checkpoint' ? { commit: made } : { vm: made };
  const base = newRecord(world, main, 'branch', making, of, from);
  const proof = source.kind === 'checkpoint' ? source.proof : source.id;
  const record = { ...base, bytes: source.bytes, proof };
  const copy = await makeRecorded(world, main, record, making, async () => {
    await refuseTakenLabel(world, main, record);
    const { vers } = world;
    const inside = world.insideOf(main);
    const ask = (): Promise<string> =>
      source.kind === 'checkpoint' ? vers.fromCommit(made, record.id) : vers.branch(made, record.id);
    const result = await certain(ask, async () => madeFor(vers, record, await recordsAbout(world, main)));
    if (result.wasInDoubt !== undefined) making.note?.(`${result.wasInDoubt} It had happened: VM ${result.id}.`);
    const known = { ...record, made: result.id };
    await inside.save(main, known);
    for (const one of result.others) await vers.deleteMachine(one);
    making.signal?.throwIfAborted();
    const reached = await inside.reach(known);
    for (const found of await inside.arrive(inside.targetOf(reached, main), reached)) making.note?.(found);
    // Whoever keeps it may have to name it to Vers; nobody does so of a run's.
    if (making.run === undefined) making.note?.(`It is VM ${result.id}.`);
    return reached;
  });
  return { ...copy, kind: 'branch' };
}

/** The record is there before anything is asked for, and what fails leaves nothing behind. */
async function makeRecorded(
  world: World,
  main: Target,
  record: VersRecord,
  making: Making,
  produce: () => Promise<VersRecord>,
): Promise<Copy> {
  const start = performance.now();
  const what = `The ${record.kind} of "${record.main}"`;
  making.signal?.throwIfAborted();
  const inside = world.insideOf(main);
  await inside.hold(main, record.id);
  try {
    await inside.save(main, record);
    const made = await produce();
    making.signal?.throwIfAborted();
    const ready: VersRecord = { ...made, state: 'ready', ms: Math.round(performance.now() - start) };
    await inside.save(main, ready);
    world.mains.set(ready.id, main);
    if (ready.kind === 'checkpoint' || ready.run === undefined) await inside.release(ready.id);
    return toCopy(ready, inside.targetOf(ready, main));
  } catch (error) {
    const failure = making.signal?.aborted ? error : asFailure(error, what);
    await removeUnfinished(world, main, record, failure);
    await inside.release(record.id);
    throw failure;
  }
}

async function removeUnfinished(world: World, main: Target, { id }: VersRecord, failure: unknown): Promise<void> {
  try {
    const all = await recordsAbout(world, main);
    const record = all.find((one) => one.id === id);
    if (record === undefined) return;
    await removeMade(world, main, record, all);
    await world.insideOf(main).forget(main, id);
  } catch (another) {
    throw notRemoved(id, failure, another);
  }
}

function newRecord(
  world: World,
  main: Target,
  kind: Copy['kind'],
  making: Making,
  source: VersRecord['source'],
  parent: Copy | undefined,
): VersRecord {
  const id = newId(kind === 'branch' ? 'br' : 'cp');
  return {
    format: 1,
    kind,
    id,
    label: making.label,
    vm: world.vm,
    main: world.insideOf(main).nameOf(main),
    ...(parent === undefined ? {} : { parent: parent.id }),
    ...(making.run === undefined ? {} : { run: making.run }),
    createdAt: new Date().toISOString(),
    state: 'making',
    bytes: 0,
    ms: 0,
    maker: thisProcess(),
    source,
    name: slug(`forerun-${id}-${making.label}`),
    proof: id,
  };
}

/** What names and tags may be made of, and as long as they may be. */
function slug(text: string): string {
  return text.replaceAll(/[^A-Za-z0-9._-]+/g, '-').slice(0, 64);
}

/** Where commits have no names, a tag has it. That one could not be set takes nothing from the commit. */
async function nameIt(world: World, { made = '', name, label }: VersRecord, making: Making): Promise<string> {
  if ((await world.vers.grammar()) === 'newest') return name;
  try {
    await world.vers.tag(name, made, `Forerun: ${label}`.slice(0, 200));
  } catch (error) {
    making.note?.(`Commit ${made} has no tag: ${messageOf(error)}`);
  }
  return name;
}

/** Looks after the record was written, so that of two programs that want one label at the same time not both get it. */
async function refuseTakenLabel(world: World, main: Target, record: VersRecord): Promise<void> {
  const other = await livingBranch(world, main, record);
  if (other === undefined) return;
  throw new ForerunError('USAGE', `There is a branch called "${record.label}" already: ${other.id}.`, {
    details: {},
    next: `Choose another name, or discard that one: forerun discard ${other.id}`,
  });
}

function notRemoved(id: string, failure: unknown, another: unknown): ForerunError<'PROVIDER_FAILED'> {
  const reasons = [failure, another].map(messageOf).join(' And: ');
  return new ForerunError(
    'PROVIDER_FAILED',
    `${id} could not be made, and what there is of it not be removed. ${reasons}`,
    {
      details: { copy: id },
      next: 'The next run removes it.',
      cause: new AggregateError([failure, another]),
    },
  );
}
