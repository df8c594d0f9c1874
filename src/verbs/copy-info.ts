import type { Copy, ListedCopy } from '../seams/provider.ts';
import type { Setup } from '../setup.ts';

/** A checkpoint or a branch, for people. */
export interface CopyInfo {
  readonly id: string;
  readonly kind: Copy['kind'];
  readonly label: string;
  /** Address without a password. */
  readonly url: string;
  /** What programs get as the database variable. */
  readonly variable: string;
  readonly path?: string;
  /** Id of the copy it was made from; absent where it was made from main. */
  readonly parent?: string;
  /** The run it belongs to; absent where a person made it. */
  readonly run?: string;
  readonly createdAt: string;
  readonly ageMs: number;
  readonly bytes: number;
  /** How it was made: `reflink`, `backup`, … */
  readonly way: string;
  readonly host: string;
  readonly state: ListedCopy['state'];
}

/** A branch that was made just now, and what can be done with it. */
export interface BranchInfo extends CopyInfo {
  /** What to type to have a program work on it; absent where that is `forerun exec`. */
  readonly command?: string;
  /** Whether `forerun promote` can make main what it is. */
  readonly promotable: boolean;
}

export function branchInfoOf(copy: Copy, { driver, provider }: Pick<Setup, 'driver' | 'provider'>): BranchInfo {
  return {
    ...infoOf(copy),
    ...(driver.onlySql === undefined ? {} : { command: driver.onlySql.command(copy.target) }),
    promotable: provider.promote !== undefined,
  };
}

export function infoOf(copy: Copy | ListedCopy): CopyInfo {
  const { id, kind, label, target, parent, run, createdAt, bytes, way, host } = copy;
  return {
    id,
    kind,
    label,
    url: target.url,
    variable: target.variable,
    ...(target.path === undefined ? {} : { path: target.path }),
    ...(parent === undefined ? {} : { parent }),
    ...(run === undefined ? {} : { run }),
    createdAt,
    ageMs: Math.max(0, Date.now() - Date.parse(createdAt)),
    bytes,
    way,
    host,
    state: 'state' in copy ? copy.state : 'ready',
  };
}

/** The label of the checkpoint that a branch of main is made from. */
export function baseLabel(branchLabel: string): string {
  return `base-of-${branchLabel}`;
}
