import { expect, it } from 'vitest';
import type { Begin } from './world.ts';

/** Main is never quiet: its writers are held off, or the promotion is refused. */
export function holding(begin: Begin): void {
  it('is promoted with its writers held off while readers go on, or is refused as it is', async () => {
    const { bench, provider, main, bodies, change, held } = await begin();
    const rival = await bench.rival(main.target);
    await using checkpoint = await provider.checkpoint(main.target, { label: 'base' });
    const branch = await provider.branch(checkpoint, { label: 'b' });
    await rival.hammer({ reads: true, onceLocked: false });
    const rehearse = async (): Promise<void> => {
      await change(branch.target, 'ALTER TABLE notes ADD COLUMN extra TEXT; CREATE TABLE added (a INTEGER)');
      await new Promise((resolve) => setTimeout(resolve, 200));
    };
    if (!bench.holdable) {
      await expect(held(branch, rehearse)).rejects.toMatchObject({ code: 'STALE_BRANCH' });
      await rival.stop();
      await rival.end();
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
    await held(branch, rehearse);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const seen = await rival.stop();
    const kept = new Set(await bodies(main.target));
    expect(seen.acknowledged.filter((body) => !kept.has(body))).toEqual([]);
    expect(kept.size).toBe(seen.acknowledged.length + 1);
    expect(seen.refused).toBeGreaterThan(0);
    expect(seen.failedReads).toEqual([]);
    expect(await main.read('SELECT count(*) FROM added')).toEqual([[0]]);
    await rival.end();
  });

  it('is as it was where the rehearsal throws, and its writers go on', async () => {
    const { bench, provider, main, bodies, add, held } = await begin();
    await using checkpoint = await provider.checkpoint(main.target, { label: 'base' });
    const branch = await provider.branch(checkpoint, { label: 'b' });
    const failure = new Error('no');
    const promotion = held(branch, async () => {
      await add(branch.target, 'never');
      throw failure;
    });
    if (bench.holdable) await expect(promotion).rejects.toBe(failure);
    else await expect(promotion).rejects.toMatchObject({ code: 'STALE_BRANCH' });
    expect(await provider.moved(checkpoint)).toBe(false);
    await main.write("INSERT INTO notes (body) VALUES ('goes on')");
    expect(await bodies(main.target)).toEqual(['first', 'goes on']);
  });
}

/** Nothing does as if it could hold writers off. */
export function notHolding(begin: Begin): void {
  it('is not promoted: no way to hold its writers off is offered', async () => {
    const { provider } = await begin();
    expect(provider).not.toHaveProperty('promoteHeld');
  });
}
