import type { Copy, Making, Provider } from './seams/provider.ts';
import type { Target } from './seams/target.ts';

/** A copy that can be read until this is disposed of: the copy itself, or a branch of one at which nothing answers. */
export interface Look extends AsyncDisposable {
  readonly target: Target;
}

export async function lookAt(provider: Provider, copy: Copy, making: Making): Promise<Look> {
  if (!(copy.dormant ?? false)) return { target: copy.target, async [Symbol.asyncDispose]() {} };
  const checkpoint = { ...copy, kind: 'checkpoint' as const, async [Symbol.asyncDispose]() {} };
  const branch = await provider.branch(checkpoint, making);
  return { target: branch.target, [Symbol.asyncDispose]: () => provider.discard(branch) };
}
