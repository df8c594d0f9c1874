import { randomBytes } from 'node:crypto';
import { mkdir, open, writeFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { adviceFor, isAboutRights } from '../../drivers/sqlite/home.ts';
import { ForerunError, messageOf } from '../../error.ts';
import { giveToOwnerOf } from '../../owner.ts';
import { thisProcess } from '../../process.ts';
import type { Copy, Making } from '../../seams/provider.ts';
import { livingBranches } from './list.ts';
import { toCopy } from './place.ts';
import { dataFile, removeCopy, writeRecord, type CopyRecord } from './records.ts';
import { asFailure, sizeOf } from './space.ts';

export interface Origin {
  readonly folder: string;
  /** Real path of main. */
  readonly main: string;
  /** The copy's address gets the form of this one. */
  readonly like: string;
  /** Id of the copy that it is made from. */
  readonly parent?: string;
}

/**
 * Makes one copy: first its record, then its file, which `produce` fills and names the way, then the record again.
 * Whatever fails leaves nothing behind.
 */
export async function make(
  origin: Origin,
  kind: Copy['kind'],
  making: Making,
  produce: (file: string) => Promise<string>,
): Promise<Copy> {
  const start = performance.now();
  const { folder, like } = origin;
  const record = newRecord(origin, kind, making);
  const file = dataFile(folder, record.id);
  try {
    making.signal?.throwIfAborted();
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await giveToOwnerOf(dirname(folder), folder);
    await writeRecord(folder, record);
    if (kind === 'branch') await refuseTakenLabel(folder, record);
    await writeFile(file, '', { flag: 'wx', mode: 0o600 });
    const way = await produce(file);
    await giveToOwnerOf(folder, file);
    making.signal?.throwIfAborted();
    if (kind === 'checkpoint') await flush(file);
    const bytes = (await sizeOf(file)) ?? 0;
    const ready: CopyRecord = { ...record, state: 'ready', way, bytes, ms: Math.round(performance.now() - start) };
    await writeRecord(folder, ready);
    return toCopy(folder, ready, like);
  } catch (error) {
    const failure = making.signal?.aborted ? error : await asFailure(error, folder, `the ${kind} of ${origin.main}`);
    await removeCopy(folder, record.id).catch((another: unknown) => {
      throw notRemoved(folder, file, new AggregateError([failure, another]));
    });
    throw failure;
  }
}

function newRecord(origin: Origin, kind: Copy['kind'], making: Making): CopyRecord {
  return {
    format: 1,
    kind,
    id: `${kind === 'branch' ? 'br' : 'cp'}_${Date.now().toString(36)}_${randomBytes(2).toString('hex')}`,
    label: making.label,
    main: basename(origin.main),
    ...(origin.parent === undefined ? {} : { parent: origin.parent }),
    ...(making.run === undefined ? {} : { run: making.run }),
    createdAt: new Date().toISOString(),
    state: 'making',
    bytes: 0,
    way: 'unknown',
    ms: 0,
    maker: thisProcess(),
  };
}

/** Looks after the record was written, so that of two programs that want one label at the same time not both get it. */
async function refuseTakenLabel(folder: string, record: CopyRecord): Promise<void> {
  const living = await livingBranches(folder, record.main);
  const other = living.find((branch) => branch.label === record.label && branch.id !== record.id);
  if (other === undefined) return;
  throw new ForerunError('USAGE', `There is a branch called "${record.label}" already: ${other.id}.`, {
    details: {},
    next: `Choose another name, or discard that one: forerun discard ${other.id}`,
  });
}

function notRemoved(folder: string, file: string, cause: AggregateError): ForerunError<'PROVIDER_FAILED'> {
  const reasons = cause.errors.map(messageOf).join(' And: ');
  return new ForerunError(
    'PROVIDER_FAILED',
    `${file} could not be made, and what there is of it not be removed. ${reasons}`,
    {
      details: {},
      next: cause.errors.some(isAboutRights)
        ? adviceFor(dirname(folder))
        : `Check the rights of ${file} and remove it.`,
      cause,
    },
  );
}

/** A checkpoint that is announced must outlive a power failure. No program has the new file open. */
async function flush(file: string): Promise<void> {
  const handle = await open(file, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
