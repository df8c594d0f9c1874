import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ForerunError, messageOf } from '../../error.ts';
import { thisProcess } from '../../process.ts';
import type { Copy, Making } from '../../seams/provider.ts';
import { asFailure } from '../postgres/failure.ts';
import { newId } from '../postgres/records.ts';
import { allRecords, isLeftover } from './list.ts';
import { socketFor } from './place.ts';
import { toCopy, writeRecord, type CloneRecord } from './records.ts';
import { removeClone } from './remove.ts';

/** What a new clone has from main, or from the clone that it is made from. */
export type Inherited = Pick<CloneRecord, 'main' | 'database' | 'user' | 'major' | 'settings'> & {
  readonly parent?: string;
};

export interface Produced {
  readonly way: string;
  readonly layers: readonly string[];
}

/** Makes one clone: its record, then its files by `produce`, then its record again. Whatever fails leaves nothing behind. */
export async function make(
  folder: string,
  inherited: Inherited,
  kind: Copy['kind'],
  making: Making,
  produce: (record: CloneRecord) => Promise<Produced>,
): Promise<Copy> {
  const start = performance.now();
  const record = newRecord(inherited, kind, making);
  try {
    making.signal?.throwIfAborted();
    await writeRecord(folder, record);
    if (kind === 'branch') await refuseTakenLabel(folder, record);
    const { way, layers } = await produce(record);
    making.signal?.throwIfAborted();
    const bytes = await sizeOf(join(folder, record.id));
    const ms = Math.round(performance.now() - start);
    const ready: CloneRecord = { ...record, state: 'ready', way, layers, bytes, ms };
    await writeRecord(folder, ready);
    return toCopy(ready);
  } catch (error) {
    const failure = making.signal?.aborted ? error : asFailure(error, `The ${kind} of "${inherited.database}"`);
    await removeClone(folder, record.id).catch((another: unknown) => {
      throw notRemoved(join(folder, record.id), failure, another);
    });
    throw failure;
  }
}

function newRecord(inherited: Inherited, kind: Copy['kind'], making: Making): CloneRecord {
  const id = newId(kind === 'branch' ? 'br' : 'cp');
  return {
    ...inherited,
    format: 1,
    kind,
    id,
    label: making.label,
    ...(making.run === undefined ? {} : { run: making.run }),
    createdAt: new Date().toISOString(),
    state: 'making',
    bytes: 0,
    way: 'unknown',
    ms: 0,
    maker: thisProcess(),
    socket: socketFor(id),
    layers: [],
  };
}

/** Looks after the record was written, so that of two programs that want one label at the same time not both get it. */
async function refuseTakenLabel(folder: string, record: CloneRecord): Promise<void> {
  const other = (await allRecords(folder)).find(
    ({ id, kind, label, main, state, ...rest }) =>
      id !== record.id &&
      kind === 'branch' &&
      label === record.label &&
      main === record.main &&
      state !== 'discarded' &&
      !isLeftover({ id, kind, label, main, state, ...rest }),
  );
  if (other === undefined) return;
  throw new ForerunError('USAGE', `There is a branch called "${record.label}" already: ${other.id}.`, {
    details: {},
    next: `Choose another name, or discard that one: forerun discard ${other.id}`,
  });
}

/** What a clone has of its own: of an overlay its upper layer, and not what shows through. */
async function sizeOf(own: string): Promise<number> {
  const overlay = await stat(join(own, 'upper')).then(
    () => true,
    () => false,
  );
  const root = join(own, overlay ? 'upper' : 'data');
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const sizes = await Promise.all(
    files.map((file) =>
      stat(file).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

function notRemoved(own: string, failure: unknown, another: unknown): ForerunError<'PROVIDER_FAILED'> {
  const reasons = [failure, another].map(messageOf).join(' And: ');
  return new ForerunError(
    'PROVIDER_FAILED',
    `${own} could not be made, and what there is of it not be removed. ${reasons}`,
    {
      details: {},
      next: `Check the rights of ${own}; the next run removes it.`,
      cause: new AggregateError([failure, another]),
    },
  );
}
