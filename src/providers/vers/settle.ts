import { setTimeout as sleep } from 'node:timers/promises';
import { ForerunError } from '../../error.ts';
import type { Vers } from './client.ts';
import { InDoubt } from './failure.ts';
import type { VersRecord } from './records.ts';

export interface Certain {
  readonly id: string;
  readonly wasInDoubt?: string;
  /** What else came of it: the command line tries again by itself. */
  readonly others: readonly string[];
}

/** Asks once. After a doubtful answer it looks for what came of it, for a while, and asks no second time. */
export async function certain(ask: () => Promise<string>, look: () => Promise<readonly string[]>): Promise<Certain> {
  try {
    return { id: await ask(), others: [] };
  } catch (error) {
    if (!(error instanceof InDoubt)) throw error;
    const deadline = performance.now() + lookMs;
    for (;;) {
      const found = await look();
      const id = found.at(-1);
      if (id !== undefined) return { id, wasInDoubt: error.message, others: found.slice(0, -1) };
      if (performance.now() > deadline) throw unknown(error);
      await sleep(500);
    }
  }
}

const lookMs = 15_000;

/** What Vers made for a record and nobody has said so, oldest first: by lineage, and by when it was asked for. */
export async function madeFor(vers: Vers, record: VersRecord, all: readonly VersRecord[]): Promise<readonly string[]> {
  const known = new Set(
    all.flatMap(({ id, vm, source, made }) => [vm, source.vm, ...(id === record.id ? [] : [made])]),
  );
  return record.kind === 'branch' ? machinesFor(vers, record, known) : commitsFor(vers, record, known);
}

type Known = ReadonlySet<string | undefined>;

async function machinesFor(vers: Vers, { source, createdAt }: VersRecord, known: Known): Promise<readonly string[]> {
  const young = (await vers.machines()).filter((one) => !known.has(one.vm_id) && isSince(createdAt, one.created_at));
  const found: string[] = [];
  for (const { vm_id } of inOrder(young)) {
    // One that is gone meanwhile is none of ours.
    const about = await vers.details(vm_id).catch(() => undefined);
    const ours =
      source.commit === undefined ? about?.grandparent_vm_id === source.vm : about?.parent_commit_id === source.commit;
    if (ours) found.push(vm_id);
  }
  return found;
}

/** A name is ours alone. Where commits have none of ours, one of that VM that nobody tagged is taken, if it is the only one. */
async function commitsFor(
  vers: Vers,
  { source, createdAt, name }: VersRecord,
  known: Known,
): Promise<readonly string[]> {
  const all = await vers.commits();
  if ((await vers.grammar()) === 'newest') return all.filter((one) => one.name === name).map((one) => one.commit_id);
  const tags = await vers.tags();
  const tagged = tags.find((one) => one.tag_name === name);
  if (tagged !== undefined) return [tagged.commit_id];
  const theirs = new Set(tags.map((one) => one.commit_id));
  const young = all.filter(
    (one) =>
      one.parent_vm_id === source.vm &&
      !known.has(one.commit_id) &&
      !theirs.has(one.commit_id) &&
      isSince(createdAt, one.created_at),
  );
  // Of several nobody can tell which is ours, and another's is neither to be used nor to be deleted.
  return young.length === 1 ? young.map((one) => one.commit_id) : [];
}

function isSince(asked: string, made: string): boolean {
  return Date.parse(made) >= Date.parse(asked) - clocksApartMs;
}

/** Their clock need not be ours. */
const clocksApartMs = 30_000;

function inOrder<T extends { readonly created_at: string }>(all: readonly T[]): readonly T[] {
  return all.toSorted((a, b) => Date.parse(a.created_at) - Date.parse(b.created_at));
}

function unknown(doubt: InDoubt): ForerunError<'PROVIDER_FAILED'> {
  return new ForerunError('PROVIDER_FAILED', `${doubt.message} Nothing came of it so far that is surely ours.`, {
    details: {},
    next: 'Try again; should it have happened after all, the next run finds it and cleans it up.',
    cause: doubt,
  });
}
