import { hostname } from 'node:os';
import { ForerunError } from '../error.ts';
import type { Copy, ListedCopy } from '../seams/provider.ts';
import type { Setup } from '../setup.ts';
import { baseLabel, infoOf, type CopyInfo } from './copy-info.ts';
import { ancestors, describe, notFound, pickCopy } from './find-copy.ts';

export interface DiscardOptions {
  /** Also everything that was made from it. @default false */
  readonly recursive?: boolean;
}

/**
 * Discards the copy with that id or label, or every copy that matches a pattern with `*`, and answers with what is
 * gone. The checkpoint that was taken for a branch of main goes with the branch, once nothing else was made from it.
 */
export async function discard(
  setup: Setup,
  pattern: string,
  options: DiscardOptions = {},
): Promise<readonly CopyInfo[]> {
  const copies = await setup.provider.list(setup.main);
  const chosen = new Set(pattern.includes('*') ? matchingPattern(copies, pattern) : [pickIdle(copies, pattern)]);
  const descendants = copies.filter(
    (copy) => !chosen.has(copy) && ancestors(copies, copy).some((other) => chosen.has(other)),
  );
  if (descendants.length > 0 && !(options.recursive ?? false)) throw madeFromIt(pattern, descendants);
  for (const copy of descendants) {
    refuseBusy(copy);
    chosen.add(copy);
  }
  for (const base of idleBases(copies, chosen)) chosen.add(base);
  const depth = (copy: ListedCopy): number => ancestors(copies, copy).length;
  const order = [...chosen].sort((a, b) => depth(b) - depth(a));
  for (const copy of order) await throwAway(setup, copy);
  return order.map(infoOf);
}

/** Discards one copy, and what runs on it as their main have left behind. */
export async function throwAway(setup: Setup, copy: Copy): Promise<void> {
  if (copy.kind === 'branch') {
    for (const inner of await setup.provider.list(copy.target)) {
      // What could not be read may belong to a later Forerun, and to another branch.
      if (inner.state === 'leftover' || inner.way !== 'unknown') await setup.provider.discard(inner);
    }
  }
  await setup.provider.discard(copy);
}

function matchingPattern(copies: readonly ListedCopy[], pattern: string): readonly ListedCopy[] {
  const source = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  const expression = new RegExp(`^${source.join('.*')}$`, 's');
  const matches = copies.filter((copy) => !isBusy(copy) && (expression.test(copy.id) || expression.test(copy.label)));
  if (matches.length === 0) throw notFound(copies, pattern);
  return matches;
}

function pickIdle(copies: readonly ListedCopy[], name: string): ListedCopy {
  const copy = pickCopy(copies, name);
  refuseBusy(copy);
  return copy;
}

/** A branch on which a living run rehearses at this moment. */
function isBusy(copy: ListedCopy): boolean {
  return copy.kind === 'branch' && copy.run !== undefined && copy.state === 'ready';
}

/** Of a process of another host nobody here knows whether it runs: who names its branch, knows. */
function refuseBusy(copy: ListedCopy): void {
  if (!isBusy(copy) || copy.host !== hostname()) return;
  throw new ForerunError('USAGE', `${describe(copy)} belongs to run ${copy.run ?? ''}, which is using it.`, {
    details: {},
    next: 'The run discards it when it ends.',
  });
}

/** Checkpoints that were taken for a branch that goes, and that nothing which stays was made from. */
function idleBases(copies: readonly ListedCopy[], chosen: ReadonlySet<ListedCopy>): readonly ListedCopy[] {
  return copies.filter((base) => {
    const children = copies.filter((copy) => copy.parent === base.id);
    const taken =
      base.kind === 'checkpoint' &&
      children.some((copy) => copy.kind === 'branch' && base.label === baseLabel(copy.label));
    return taken && children.every((copy) => chosen.has(copy));
  });
}

function madeFromIt(pattern: string, children: readonly ListedCopy[]): ForerunError<'USAGE'> {
  return new ForerunError(
    'USAGE',
    `Nothing was discarded: from "${pattern}" ${children.map(describe).join(', ')} ${children.length === 1 ? 'was' : 'were'} made.`,
    {
      details: {},
      next: `Discard ${children.length === 1 ? 'that' : 'those'} first, or all together with --recursive.`,
    },
  );
}
