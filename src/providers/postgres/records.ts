import { createHash, randomBytes } from 'node:crypto';
import type { ProcessIdentity } from '../../process.ts';
import type { Copy } from '../../seams/provider.ts';
import type { Target } from '../../seams/target.ts';
import type { Attributes } from './attributes.ts';
import { targetBeside } from './address.ts';

/**
 * What is known about one copy, as JSON after `forerun:` in the comment on its database: a shared object, which every
 * deployer reads from any database of the server. A stored format. A database with a name of ours and without a record
 * was cut short while it was made.
 */
export interface CopyRecord {
  readonly format: 1;
  readonly kind: 'checkpoint' | 'branch';
  readonly id: string;
  readonly label: string;
  /** Key of the main that it is a copy of. */
  readonly main: string;
  readonly parent?: string;
  readonly run?: string;
  readonly createdAt: string;
  /** `replaced`: what main was before a restore, kept until the restored one is in its place. */
  readonly state: 'making' | 'ready' | 'replaced';
  readonly bytes: number;
  readonly way: string;
  readonly ms: number;
  readonly maker: ProcessIdentity;
  /** The comment that main had: a copy has this record in its place. */
  readonly comment?: string;
  /** What the source's database had and a checkpoint has not: a checkpoint is its owner's alone, and read-only. */
  readonly attributes?: Attributes;
}

export type IdKind = 'cp' | 'br' | 'rs' | 'was';

const namePattern = /^forerun_((?:cp|br|rs|was)_[a-z0-9]+_[a-z0-9]+)_([0-9a-f]{8})$/;

export function newId(kind: IdKind): string {
  return `${kind}_${Date.now().toString(36)}_${randomBytes(3).toString('hex')}`;
}

/** Never over 63 bytes, and never in need of quotes. Its end tells whose copy it is, also where there is no record. */
export function databaseName(id: string, main: string): string {
  return `forerun_${id}_${createHash('sha256').update(main).digest('hex').slice(0, 8)}`;
}

/** The id in a name of ours; undefined for any other name. */
export function idIn(database: string): string | undefined {
  return namePattern.exec(database)?.[1];
}

export function commentOf(record: CopyRecord): string {
  return `forerun:${JSON.stringify(record)}`;
}

/** `newer` was written by a later Forerun, and is nothing to throw away. */
export function recordIn(comment: unknown): CopyRecord | 'newer' | 'unreadable' {
  if (typeof comment !== 'string' || !comment.startsWith('forerun:')) return 'unreadable';
  let value: unknown;
  try {
    value = JSON.parse(comment.slice('forerun:'.length));
  } catch {
    return 'unreadable';
  }
  if (typeof value !== 'object' || value === null || !('format' in value)) return 'unreadable';
  if (value.format !== 1) return typeof value.format === 'number' && value.format > 1 ? 'newer' : 'unreadable';
  return isRecord(value) ? value : 'unreadable';
}

/** By hand, because `forerun status` reads these, and loading a schema library takes longer than all else that it does. */
function isRecord(value: object): value is CopyRecord {
  const fields = value as Record<string, unknown>;
  const maker = fields['maker'];
  return (
    (fields['kind'] === 'checkpoint' || fields['kind'] === 'branch') &&
    ['making', 'ready', 'replaced'].includes(String(fields['state'])) &&
    ['id', 'label', 'main', 'createdAt', 'way'].every((name) => typeof fields[name] === 'string') &&
    ['bytes', 'ms'].every((name) => typeof fields[name] === 'number') &&
    ['parent', 'run'].every((name) => fields[name] === undefined || typeof fields[name] === 'string') &&
    typeof maker === 'object' &&
    maker !== null &&
    'pid' in maker &&
    'host' in maker
  );
}

/** `server` is any database of the server that the copy is on. */
export function toCopy(record: CopyRecord, server: Target): Copy {
  const { kind, id, label, parent, run, createdAt, bytes, way, ms } = record;
  return {
    kind,
    id,
    label,
    target: targetBeside(server, databaseName(id, record.main)),
    ...(parent === undefined ? {} : { parent }),
    ...(run === undefined ? {} : { run }),
    createdAt,
    host: record.maker.host,
    bytes,
    way,
    ms,
  };
}
