import { ForerunError, isForerunError, messageOf } from '../../error.ts';
import type { Copy } from '../../seams/provider.ts';
import type { Target } from '../../seams/target.ts';
import { InDoubt, InUse } from './failure.ts';
import { endCalls } from './processes.ts';
import type { VersRecord } from './records.ts';
import { madeFor } from './settle.ts';
import { ensureSame, mainOf, recordsAbout, type World } from './world.ts';

/** Safe to repeat. A commit that VMs of ours descend from stays until the last of them is gone. */
export async function discardVers(world: World, copy: Copy): Promise<void> {
  const main = mainOf(world, copy);
  const inside = world.insideOf(main);
  const all = await recordsAbout(world, main);
  const record = all.find((one) => one.id === copy.id);
  if (record === undefined || record.state === 'discarded' || record.state === 'main') return;
  if (record.state === 'ready') ensureSame(copy, record);
  else await endCalls(record.id, callsLimitMs);
  if (record.kind === 'checkpoint' && isDescendedFrom(record, all)) {
    await inside.save(main, { ...record, state: 'discarded' });
    return;
  }
  await removeMade(world, main, record, all);
  await inside.forget(main, record.id);
  await inside.release(record.id);
  await removeUnneeded(world, main);
}

/** The command line itself gives up after a minute, and tries up to three times. */
const callsLimitMs = 200_000;

/** Everything that Vers made for a record, also where nobody came to write down what. */
export async function removeMade(
  world: World,
  main: Target,
  record: VersRecord,
  all: readonly VersRecord[],
): Promise<void> {
  const { vers } = world;
  const found =
    record.state === 'making' && record.made === undefined ? await madeFor(vers, record, all) : [record.made ?? ''];
  if (record.kind === 'branch') {
    for (const vm of found) {
      await world.insideOf(main).leave(vm);
      await unlessGone(
        () => vers.deleteMachine(vm),
        async () => (await vers.machines()).some((one) => one.vm_id === vm),
      );
    }
    return;
  }
  if ((await vers.grammar()) === 'v0.10')
    await unlessGone(
      () => vers.deleteTag(record.name),
      async () => (await vers.tags()).some((one) => one.tag_name === record.name),
    );
  for (const commit of found) {
    const isThere = async (): Promise<boolean> => (await vers.commits()).some((one) => one.commit_id === commit);
    await unlessGone(() => vers.deleteCommit(commit), isThere).catch((error: unknown) => {
      throw isForerunError(error) ? kept(record.id, commit, error) : error;
    });
  }
}

/** What is not there any more is deleted, whatever the answer was: it is forbidden, not found, or lost. */
async function unlessGone(remove: () => Promise<void>, isThere: () => Promise<boolean>): Promise<void> {
  try {
    await remove();
  } catch (error) {
    if (!isForerunError(error) && !(error instanceof InDoubt)) throw error;
    // A list may be cut; what is in use is there all the same.
    if (error.cause instanceof InUse) throw error;
    if (await isThere()) throw error instanceof InDoubt ? (error.cause ?? error) : error;
  }
}

/** Those that were kept for others' sake. */
async function removeUnneeded(world: World, main: Target): Promise<void> {
  const all = await recordsAbout(world, main);
  for (const record of all) {
    if (record.state !== 'discarded' || isDescendedFrom(record, all)) continue;
    await removeMade(world, main, record, all);
    await world.insideOf(main).forget(main, record.id);
  }
}

function isDescendedFrom({ made }: VersRecord, all: readonly VersRecord[]): boolean {
  return all.some((one) => one.source.commit === made && made !== undefined);
}

function kept(id: string, commit: string, cause: ForerunError): ForerunError<'PROVIDER_FAILED'> {
  return new ForerunError('PROVIDER_FAILED', `${id} is kept: commit ${commit} was not deleted. ${messageOf(cause)}`, {
    details: { copy: id },
    next: 'A VM that nobody told Forerun of may descend from it; see: vers status. Once it is gone, discard again.',
    cause,
  });
}
