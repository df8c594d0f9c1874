import { basename, dirname, join } from 'node:path';
import { pathOf, targetOf } from '../../drivers/sqlite/target.ts';
import { homeOf } from '../../drivers/sqlite/home.ts';
import { ForerunError } from '../../error.ts';
import type { Copy } from '../../seams/provider.ts';
import { dataFile, isCopyId, readRecord, type CopyRecord } from './records.ts';
import { sizeOf } from './space.ts';

/** Where the copies of main are, and of every other database in its folder. */
export function copiesOf(main: string): string {
  return join(homeOf(main), 'copies');
}

/** The folder of a copy. Throws for a file that is none of ours, whatever it is called: it may be somebody's database. */
export function folderOf(copy: Copy): string {
  const path = pathOf(copy.target);
  const folder = dirname(path);
  const ours = isCopyId(copy.id) && path === dataFile(folder, copy.id) && basename(folder) === 'copies';
  if (ours && basename(dirname(folder)) === '.forerun') return folder;
  throw new ForerunError('PROVIDER_FAILED', `${path} is no copy that Forerun made.`, { details: { copy: copy.id } });
}

/** Real path of main for a copy that is whole. Half of one is nothing to restore or to branch from. */
export async function mainOf(copy: Copy): Promise<string> {
  const folder = folderOf(copy);
  const record = await readRecord(folder, copy.id);
  const file = dataFile(folder, copy.id);
  const bytes = await sizeOf(file);
  if (typeof record === 'object' && record.state === 'ready' && bytes !== undefined) {
    // Nobody writes to a checkpoint.
    if (record.kind === 'checkpoint' && record.bytes !== bytes) throw cut(file, record, bytes);
    return join(dirname(dirname(folder)), record.main);
  }
  throw new ForerunError('NOT_FOUND', `There is no ${copy.kind} ${copy.id} in ${folder}, or it is incomplete.`, {
    details: { name: copy.id },
    next: 'Look at what there is with `forerun checkpoints` and `forerun branches`.',
  });
}

function cut(file: string, record: CopyRecord, bytes: number): ForerunError<'PROVIDER_FAILED'> {
  const sizes = `${file} has ${bytes} bytes, and had ${record.bytes} when it was made`;
  return new ForerunError('PROVIDER_FAILED', `The checkpoint ${record.id} is damaged: ${sizes}.`, {
    details: { copy: record.id },
    next: 'Choose another one of: forerun checkpoints',
  });
}

/** Throws where `copy` is a copy of another database than `main`. */
export async function ensureCopyOf(copy: Copy, main: string): Promise<void> {
  const itsMain = await mainOf(copy);
  if (itsMain === main) return;
  throw new ForerunError('PROVIDER_FAILED', `${copy.id} is a copy of ${itsMain}, not of ${main}.`, {
    details: { copy: copy.id },
    next: 'Name a copy of the database at hand.',
  });
}

/** `like` is an address in the form that the copy's own address shall have. */
export function toCopy(folder: string, record: CopyRecord, like: string): Copy {
  const { kind, id, label, parent, run, createdAt, bytes, way, ms } = record;
  return {
    kind,
    id,
    label,
    target: {
      ...targetOf(dataFile(folder, id), like),
      ...(kind === 'branch' && run !== undefined ? { passing: true as const } : {}),
    },
    ...(parent === undefined ? {} : { parent }),
    ...(run === undefined ? {} : { run }),
    createdAt,
    host: record.maker.host,
    bytes,
    way,
    ms,
  };
}
