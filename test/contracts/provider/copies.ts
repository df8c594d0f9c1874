import { hostname } from 'node:os';
import { expect, it } from 'vitest';
import { type Begin, ids } from './world.ts';

/** Copies hold what they were made of, and nothing that is written elsewhere. */
export function making(begin: Begin): void {
  it('keeps in a checkpoint what main was, whatever is written later', async () => {
    const { provider, main, bodies } = await begin();
    await using checkpoint = await provider.checkpoint(main.target, {
      label: 'before',
      signal: AbortSignal.timeout(60_000),
    });
    await main.write("INSERT INTO notes (body) VALUES ('later')");
    expect(await bodies(checkpoint)).toEqual(['first']);
  });

  it('isolates branches from main, from each other and from the branch they were made from', async () => {
    const { provider, main, bodies, add } = await begin();
    await using checkpoint = await provider.checkpoint(main.target, { label: 'base' });
    const left = await provider.branch(checkpoint, { label: 'left' });
    const right = await provider.branch(checkpoint, { label: 'right' });
    await add(left.target, 'left');
    const child = await provider.branch(left, { label: 'child' });
    await add(child.target, 'child');
    await add(right.target, 'right');

    expect(await bodies(main.target)).toEqual(['first']);
    expect(await bodies(checkpoint)).toEqual(['first']);
    expect(await bodies(left.target)).toEqual(['first', 'left']);
    expect(await bodies(right.target)).toEqual(['first', 'right']);
    expect(await bodies(child.target)).toEqual(['first', 'left', 'child']);
  });

  it('says of every copy what it is, where it came from, how it was made and what it costs', async () => {
    const { provider, main } = await begin();
    await using checkpoint = await provider.checkpoint(main.target, { label: 'base', run: 'run-1' });
    const branch = await provider.branch(checkpoint, { label: 'try it' });
    const child = await provider.branch(branch, { label: 'try more' });
    const snapshot = await provider.snapshot(child, { label: 'between' });

    expect([checkpoint.kind, branch.kind, child.kind, snapshot.kind]).toEqual([
      'checkpoint',
      'branch',
      'branch',
      'checkpoint',
    ]);
    expect(checkpoint.parent).toBeUndefined();
    expect([branch.parent, child.parent, snapshot.parent]).toEqual([checkpoint.id, branch.id, child.id]);
    expect([checkpoint.run, branch.run]).toEqual(['run-1', undefined]);
    for (const copy of [checkpoint, branch, child, snapshot]) {
      expect(copy.id).toMatch(/^[\w-]{4,32}$/);
      expect(copy.way).toMatch(/^\w+$/);
      expect(copy.bytes).toBeGreaterThan(0);
      expect(copy.ms).toBeGreaterThanOrEqual(0);
      expect(copy.host).toBe(hostname());
      expect(copy.createdAt).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    }
    expect(new Set([checkpoint.id, branch.id, child.id, snapshot.id]).size).toBe(4);
  });

  it('keeps in a snapshot what a branch was, whatever is written to the branch later', async () => {
    const { provider, main, bodies, add } = await begin();
    await using checkpoint = await provider.checkpoint(main.target, { label: 'base' });
    const branch = await provider.branch(checkpoint, { label: 'b' });
    await add(branch.target, 'one');
    const snapshot = await provider.snapshot(branch, { label: 'after one' });
    await add(branch.target, 'two');
    expect(await bodies(snapshot)).toEqual(['first', 'one']);
  });
}

/** Whatever state main is in. */
export function makingAnyway(begin: Begin): void {
  it('copies a database without any table, and restores it where it restores', async () => {
    const { provider, makeMain, change, restore } = await begin();
    const empty = await makeMain();
    await using checkpoint = await provider.checkpoint(empty.target, { label: 'empty' });
    const branch = await provider.branch(checkpoint, { label: 'b' });
    for (const { target } of [empty, branch]) await change(target, 'CREATE TABLE t (a INTEGER)');
    if (provider.restore !== undefined) {
      await restore(checkpoint, empty.target);
      await expect(empty.read('SELECT count(*) FROM t')).rejects.toThrow('t');
    }
    await change(branch.target, 'DROP TABLE t');
  });

  it('leaves nothing behind and throws the reason where the signal is aborted', async () => {
    const { bench, provider, main } = await begin();
    const reason = new Error('enough');
    const making = { label: 'never', signal: AbortSignal.abort(reason) };
    await expect(provider.checkpoint(main.target, making)).rejects.toBe(reason);
    expect(await bench.residue(main.target)).toEqual([]);
    await using checkpoint = await provider.checkpoint(main.target, { label: 'base' });
    await expect(provider.branch(checkpoint, making)).rejects.toBe(reason);
    expect(ids(await provider.list(main.target))).toEqual([checkpoint.id]);
  });

  it('estimates a checkpoint without making one', async () => {
    const { provider, main } = await begin();
    const estimate = await provider.estimate(main.target);
    expect(estimate.way).toMatch(/^\w+$/);
    expect(estimate.bytes).toBeGreaterThanOrEqual(0);
    expect(await provider.list(main.target)).toEqual([]);
  });
}

/** A name belongs to one living branch of a main. */
export function naming(begin: Begin): void {
  it('refuses a second living branch of one name, naming the first', async () => {
    const { provider, main } = await begin();
    await using checkpoint = await provider.checkpoint(main.target, { label: 'base' });
    const first = await provider.branch(checkpoint, { label: 'premium' });
    await expect(provider.branch(checkpoint, { label: 'premium' })).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining(first.id),
    });
    expect(ids(await provider.list(main.target))).toEqual([checkpoint.id, first.id]);
  });

  it('gives a name again once its branch is discarded, and on another main at any time', async () => {
    const { provider, main, makeMain } = await begin();
    await using checkpoint = await provider.checkpoint(main.target, { label: 'base' });
    const first = await provider.branch(checkpoint, { label: 'premium' });
    const other = await makeMain();
    await using otherCheckpoint = await provider.checkpoint(other.target, { label: 'base' });
    await provider.branch(otherCheckpoint, { label: 'premium' });
    await provider.discard(first);
    expect((await provider.branch(checkpoint, { label: 'premium' })).label).toBe('premium');
  });
}
