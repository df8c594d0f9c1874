import type { Checkpoint, ListedCopy } from '../seams/provider.ts';
import type { Target } from '../seams/target.ts';
import type { Setup } from '../setup.ts';
import { newHolder } from './lock.ts';

/** A copy that can be read until this is disposed of: the copy itself, or a branch of one at which nothing answers. */
export interface Look extends AsyncDisposable {
  readonly target: Target;
}

export async function lookAt({ provider }: Setup, copy: ListedCopy): Promise<Look> {
  if (!(copy.dormant ?? false)) return { target: copy.target, async [Symbol.asyncDispose]() {} };
  const { run } = newHolder('look');
  const checkpoint: Checkpoint = { ...copy, kind: 'checkpoint', async [Symbol.asyncDispose]() {} };
  const branch = await provider.branch(checkpoint, { label: run, run });
  return { target: branch.target, [Symbol.asyncDispose]: () => provider.discard(branch) };
}
