import { expect, it } from 'vitest';
import type { Begin } from './world.ts';

/** Main becomes what a checkpoint holds. */
export function restoring(begin: Begin): void {
  it('makes main what the checkpoint holds, as often as it is asked', async () => {
    const { bench, provider, main, bodies, restore } = await begin();
    await using checkpoint = await provider.checkpoint(main.target, { label: 'good' });
    const rival = await bench.rival(main.target);
    for (let time = 0; time < 2; time++) {
      await rival.write("DELETE FROM notes; CREATE TABLE oops (a INTEGER); INSERT INTO notes (body) VALUES ('bad')");
      await restore(checkpoint, main.target);
      expect(await rival.read('SELECT body FROM notes')).toEqual([['first']]);
      await expect(rival.read('SELECT * FROM oops')).rejects.toThrow();
    }
    await restore(checkpoint, main.target);
    expect(await bodies(main.target)).toEqual(['first']);
    await rival.end();
  });

  it('leaves the checkpoint as it was', async () => {
    const { provider, main, bodies, restore } = await begin();
    await using checkpoint = await provider.checkpoint(main.target, { label: 'good' });
    await restore(checkpoint, main.target);
    await main.write("INSERT INTO notes (body) VALUES ('later')");
    expect(await bodies(checkpoint)).toEqual(['first']);
  });

  it('restores what another process checkpointed', async () => {
    const { bench, provider, main, bodies, restore } = await begin();
    expect(await bench.workAndDie(main.target, { kind: 'checkpoint', label: 'theirs' })).toBe(false);
    await main.write('DELETE FROM notes');
    const [checkpoint] = await provider.list(main.target);
    if (checkpoint === undefined) throw new Error('nothing is listed');
    await restore(checkpoint, main.target);
    expect(await bodies(main.target)).toEqual(['first']);
  });
}

/** Nothing does as if main could be put back. */
export function notRestoring(begin: Begin): void {
  it('is not offered: a branch of a checkpoint is the way back', async () => {
    const { provider } = await begin();
    expect(provider).not.toHaveProperty('restore');
  });
}
