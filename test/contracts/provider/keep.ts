import { expect, it } from 'vitest';
import { type Begin, ids } from './world.ts';

/** Every copy is listed until it is discarded. */
export function keeping(begin: Begin): void {
  it('discards as often as it is asked, and leaves parents and children alone', async () => {
    const { provider, main, bodies } = await begin();
    await using checkpoint = await provider.checkpoint(main.target, { label: 'base' });
    const branch = await provider.branch(checkpoint, { label: 'b' });
    const child = await provider.branch(branch, { label: 'c' });
    await provider.discard(branch);
    await provider.discard(branch);
    expect(await bodies(child.target)).toEqual(['first']);
    expect(await bodies(checkpoint)).toEqual(['first']);
    expect(ids(await provider.list(main.target))).toEqual([checkpoint.id, child.id]);
    await provider.discard(checkpoint);
    await provider.discard(checkpoint);
    expect(ids(await provider.list(main.target))).toEqual([child.id]);
  });

  it('keeps a copy whole whichever of its ancestors are discarded', async () => {
    const { provider, main, bodies, add } = await begin();
    await using checkpoint = await provider.checkpoint(main.target, { label: 'base' });
    const left = await provider.branch(checkpoint, { label: 'left' });
    await add(left.target, 'left');
    const child = await provider.branch(left, { label: 'child' });
    const snapshot = await provider.snapshot(child, { label: 'between' });
    const again = await provider.branch(snapshot, { label: 'again' });
    await add(again.target, 'again');
    const grandchild = await provider.branch(again, { label: 'grandchild' });
    for (const copy of [checkpoint, left, snapshot]) await provider.discard(copy);
    expect(ids(await provider.list(main.target))).toEqual([child.id, again.id, grandchild.id]);
    expect(await bodies(child)).toEqual(['first', 'left']);
    expect(await bodies(grandchild)).toEqual(['first', 'left', 'again']);
    expect(await bodies(await provider.branch(grandchild, { label: 'more' }))).toEqual(['first', 'left', 'again']);
  });

  it('makes nothing of a copy that was discarded', async () => {
    const { provider, main, bodies, restore } = await begin();
    await using checkpoint = await provider.checkpoint(main.target, { label: 'base' });
    await provider.discard(checkpoint);
    await expect(provider.branch(checkpoint, { label: 'b' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    if (provider.restore !== undefined)
      await expect(restore(checkpoint, main.target)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await bodies(main.target)).toEqual(['first']);
  });

  it('puts no copy of one main in the place of another', async () => {
    const { provider, main, makeMain, bodies, promote, held, restore } = await begin();
    const other = await makeMain();
    await other.write('CREATE TABLE theirs (a INTEGER)');
    await using theirs = await provider.checkpoint(other.target, { label: 'other' });
    const branch = await provider.branch(theirs, { label: 'b' });
    await using checkpoint = await provider.checkpoint(main.target, { label: 'base' });
    const refusal = { code: 'PROVIDER_FAILED' };
    if (provider.promote !== undefined) await expect(promote(branch, checkpoint)).rejects.toMatchObject(refusal);
    if (provider.promoteHeld !== undefined) {
      await expect(held(branch, () => Promise.resolve())).rejects.toMatchObject(refusal);
    }
    if (provider.restore !== undefined) {
      await expect(restore(theirs, main.target)).rejects.toMatchObject(refusal);
      await expect(restore(branch, main.target)).rejects.toMatchObject(refusal);
    }
    await expect(provider.discard({ ...theirs, target: main.target })).rejects.toMatchObject(refusal);
    expect(await bodies(main.target)).toEqual(['first']);
  });

  it('lists the copies of this main alone, oldest first, as they were described when they were made', async () => {
    const { provider, main, makeMain } = await begin();
    const other = await makeMain();
    await using theirs = await provider.checkpoint(other.target, { label: 'other' });
    await using checkpoint = await provider.checkpoint(main.target, { label: 'base', run: 'run-1' });
    const branch = await provider.branch(checkpoint, { label: 'b', run: 'run-1' });
    const { [Symbol.asyncDispose]: _, ...described } = checkpoint;
    expect(await provider.list(main.target)).toEqual([
      { ...described, state: 'ready' },
      { ...branch, state: 'ready' },
    ]);
    expect(ids(await provider.list(other.target))).toEqual([theirs.id]);
    expect(await provider.list(branch.target)).toEqual([]);
  });
}
