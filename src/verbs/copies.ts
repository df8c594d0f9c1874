import { randomBytes } from 'node:crypto';
import { ForerunError } from '../error.ts';
import type { RunOptions } from '../run-log.ts';
import type { Branch, Copy } from '../seams/provider.ts';
import type { Setup } from '../setup.ts';
import { heard } from '../telling.ts';
import { baseLabel, branchInfoOf, infoOf, type BranchInfo, type CopyInfo } from './copy-info.ts';
import { asBranch, asCheckpoint, findCopy } from './find-copy.ts';
import { stampOf } from './moment.ts';

export type { BranchInfo, CopyInfo } from './copy-info.ts';
export { discard } from './discard.ts';
export { findCopy } from './find-copy.ts';

export interface BranchOptions {
  /** Id or label of a checkpoint or a branch. @default 'main' */
  readonly from?: string;
  /** @default a new one, after the time */
  readonly name?: string;
}

/** Commits a checkpoint of main by hand; it lives until it is discarded. */
export async function checkpoint(
  setup: Setup,
  label: string = `manual-${stampOf(new Date())}`,
  options: RunOptions = {},
): Promise<CopyInfo> {
  refuseName(label);
  await setup.driver.examine(setup.main);
  await using made = await setup.provider.checkpoint(setup.main, { label, ...heard(options) });
  return infoOf(made);
}

/** Every checkpoint of main, oldest first. */
export async function checkpoints(setup: Setup): Promise<readonly CopyInfo[]> {
  return listed(setup, 'checkpoint');
}

/** Every branch of main, oldest first. */
export async function branches(setup: Setup): Promise<readonly CopyInfo[]> {
  return listed(setup, 'branch');
}

/**
 * Makes a branch. One of main gets a checkpoint of main as its parent, so that it can be told later what was changed
 * on the branch, and whether main has moved.
 */
export async function branch(setup: Setup, options: BranchOptions = {}): Promise<BranchInfo> {
  const { from = 'main', name = `branch-${stampOf(new Date())}-${randomBytes(2).toString('hex')}` } = options;
  refuseName(name);
  const copies = await setup.provider.list(setup.main);
  const taken = copies.find((copy) => copy.kind === 'branch' && copy.state === 'ready' && copy.label === name);
  if (taken !== undefined) throw nameTaken(taken);
  if (from === 'main') return branchInfoOf(await branchOfMain(setup, name), setup);
  const parent = await findCopy(setup, from);
  const origin = parent.kind === 'branch' ? asBranch(parent) : asCheckpoint(parent);
  return branchInfoOf(await setup.provider.branch(origin, { label: name }), setup);
}

async function listed(setup: Setup, kind: Copy['kind']): Promise<readonly CopyInfo[]> {
  return (await setup.provider.list(setup.main)).filter((copy) => copy.kind === kind).map(infoOf);
}

async function branchOfMain(setup: Setup, name: string): Promise<Branch> {
  const { driver, provider, main } = setup;
  await driver.examine(main);
  await using base = await provider.checkpoint(main, { label: baseLabel(name) });
  try {
    return await provider.branch(base, { label: name });
  } catch (error) {
    await provider.discard(base);
    throw error;
  }
}

/** Names are typed again later: after `from`, in patterns, before options. */
function refuseName(name: unknown): void {
  if (typeof name !== 'string') {
    throw new ForerunError('USAGE', `The name of a copy is a text, and here it is ${kindOf(name)}.`, {
      details: {},
      next: "Write it as it is: checkpoint(config, 'before-import'), branch(config, { name: 'premium' })",
    });
  }
  if (name !== 'main' && /^[^\s\p{Cc}*-][^\p{Cc}*]*$/u.test(name) && name === name.trimEnd()) return;
  throw new ForerunError('USAGE', `"${name}" cannot be the name of a copy.`, {
    details: {},
    next: 'Choose one that is not "main", does not begin with "-" or end with a space, and has no "*" in it.',
  });
}

function kindOf(value: unknown): string {
  return value === null ? 'null' : typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

function nameTaken(other: Copy): ForerunError<'USAGE'> {
  return new ForerunError('USAGE', `There is a branch called "${other.label}" already: ${other.id}.`, {
    details: {},
    next: `Choose another name, or discard that one: forerun discard ${other.label}`,
  });
}
