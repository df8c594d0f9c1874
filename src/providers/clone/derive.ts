import { join } from 'node:path';
import type { Copy, ListedCopy, Making } from '../../seams/provider.ts';
import { ensureAlone } from '../postgres/others.ts';
import { openSession } from '../postgres/session.ts';
import { copyFolder, fill, wayIn, type Way } from './layers.ts';
import { make, type Produced } from './make.ts';
import { placeFor, wholeRecord } from './place.ts';
import { dataOf, targetAt, type CloneRecord } from './records.ts';
import { atRest, isDown, revive } from './revive.ts';
import { startServer, type ServerPlace } from './server.ts';

export interface DeriveOptions {
  readonly folder: string;
  readonly bin?: string | undefined;
  readonly aloneWaitMs: number;
}

/** A branch of any clone, with a server of its own. */
export async function branchOf(from: Copy, making: Making, options: DeriveOptions): Promise<Copy> {
  const { folder } = options;
  const source = await wholeRecord(folder, from);
  const place = await placeFor(folder, source.major, options.bin);
  return make(folder, inheritedFrom(source), 'branch', making, async (record) => {
    const way = await wayOf(source, folder);
    const layers = way === 'overlay' ? layersOf(source, folder) : [];
    const own = join(folder, record.id);
    await whileAtRest(source, place, options, () =>
      fill(way, {
        own,
        from: dataOf(folder, source.id),
        layers,
        ...(hasUpper(source) && source.kind === 'branch' ? { upper: join(folder, source.id, 'upper') } : {}),
        as: place.as,
        signal: making.signal,
      }),
    );
    making.signal?.throwIfAborted();
    await startServer(place, record);
    return { way, layers };
  });
}

/** A branch as it is, at rest and without a server. */
export async function snapshotOf(branch: Copy, making: Making, options: DeriveOptions): Promise<Copy> {
  const { folder } = options;
  const source = await wholeRecord(folder, branch);
  const place = await placeFor(folder, source.major, options.bin);
  return make(folder, inheritedFrom(source), 'checkpoint', making, async (record): Promise<Produced> => {
    const way = await wayOf(source, folder);
    const part = hasUpper(source) ? 'upper' : 'data';
    const to = join(folder, record.id, part);
    await whileAtRest(source, place, options, () =>
      copyFolder(join(folder, source.id, part), to, way === 'reflink' ? 'reflink' : 'copy', making.signal),
    );
    return { way, layers: hasUpper(source) ? [to, ...source.layers] : [to] };
  });
}

/** Starts the servers of branches that have none: this machine was started anew, or a process killed at the wrong moment. */
export async function reviveBranches(copies: readonly ListedCopy[], { folder, bin }: DeriveOptions): Promise<void> {
  for (const copy of copies) {
    if (copy.kind !== 'branch' || copy.state !== 'ready' || copy.way === 'unknown') continue;
    const record = await wholeRecord(folder, copy);
    if (await isDown(folder, record)) await revive(await placeFor(folder, record.major, bin), record);
  }
}

function inheritedFrom({ main, database, user, major, settings, id }: CloneRecord): Parameters<typeof make>[1] {
  return { main, database, user, major, settings, parent: id };
}

/** What an overlay is made of can be shared only by an overlay. */
async function wayOf(source: CloneRecord, folder: string): Promise<Way> {
  return hasUpper(source) ? 'overlay' : wayIn(folder);
}

function hasUpper({ way }: CloneRecord): boolean {
  return way === 'overlay';
}

/** What a branch of that source lies over. A plain branch is not to be lain over: it goes on changing. */
function layersOf(source: CloneRecord, folder: string): readonly string[] {
  return source.layers.length > 0 ? source.layers : [dataOf(folder, source.id)];
}

/** A checkpoint is at rest; a branch is brought to it, once nobody is connected. */
async function whileAtRest(
  source: CloneRecord,
  place: ServerPlace,
  options: DeriveOptions,
  copying: () => Promise<void>,
): Promise<void> {
  if (source.kind === 'checkpoint') return copying();
  await revive(place, source);
  await refuseConnected(source, options);
  await atRest(place, source, copying);
}

async function refuseConnected(source: CloneRecord, { aloneWaitMs: waitMs }: DeriveOptions): Promise<void> {
  await using session = await openSession(targetAt(source));
  await ensureAlone(session, source.database, {
    waitMs,
    next: `Close what is connected to ${source.id}, and try again.`,
  });
}
