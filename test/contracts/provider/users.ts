import { expect, it } from 'vitest';
import type { Provider } from '../../../src/seams/provider.ts';
import { type Begin, ids } from './world.ts';

/** Main is copied whoever uses it. */
export function makingAmongOthers(begin: Begin): void {
  it('copies while a program in another process is inside a read and another inside a write', async () => {
    const { bench, provider, main, bodies } = await begin();
    const reader = await bench.rival(main.target);
    const writer = await bench.rival(main.target);
    await reader.write('BEGIN');
    await reader.read('SELECT * FROM notes');
    await writer.write(`${bench.dialect.beginWriting}; INSERT INTO notes (body) VALUES ('not committed')`);
    const making = provider.checkpoint(main.target, { label: 'busy' });
    await new Promise((resolve) => setTimeout(resolve, 100));
    await writer.write('ROLLBACK');
    await using checkpoint = await making;
    expect(await bodies(checkpoint)).toEqual(['first']);
    expect(await reader.read('SELECT body FROM notes')).toEqual([['first']]);
    await reader.end();
    await writer.end();
  });

  it('holds a state between two writes of a program in another process that never stops, and keeps none from main', async () => {
    const { bench, provider, main, bodies } = await begin();
    const rival = await bench.rival(main.target);
    await rival.hammer({ reads: false, onceLocked: false });
    await using checkpoint = await provider.checkpoint(main.target, { label: 'busy' });
    const { acknowledged } = await rival.stop();
    const held = await bodies(checkpoint);
    expect(held).toEqual(['first', ...acknowledged].slice(0, held.length));
    expect(await bodies(main.target)).toEqual(['first', ...acknowledged]);
    expect(acknowledged.length).toBeGreaterThan(0);
    await rival.end();
  });
}

/** What must be alone is not copied while somebody is connected to it, who is named; anything else is. */
export function makingAlone(begin: Begin, alone: Provider['alone']): void {
  if (alone === 'everything') {
    it('refuses to copy main while a program in another process is connected, and names it', async () => {
      const { bench, provider, main } = await begin();
      const rival = await bench.rival(main.target);
      await rival.read("SELECT 'a secret value'");
      const refusal = await refused(provider.checkpoint(main.target, { label: 'no' }));
      expect(refusal.message).toContain(rival.name);
      expect(refusal.message).not.toContain('secret');
      expect(await provider.list(main.target)).toEqual([]);
      await rival.end();
      await using checkpoint = await provider.checkpoint(main.target, { label: 'yes' });
      expect(ids(await provider.list(main.target))).toEqual([checkpoint.id]);
    });
  }

  const verb = alone === undefined ? 'copies' : 'refuses to copy';
  const naming = alone === undefined ? '' : ', and names it';
  it(`${verb} a branch while a program in another process is connected to it${naming}`, async () => {
    const { bench, provider, main, bodies } = await begin();
    await using checkpoint = await provider.checkpoint(main.target, { label: 'base' });
    const branch = await provider.branch(checkpoint, { label: 'b' });
    const rival = await bench.rival(branch.target);
    await rival.write("INSERT INTO notes (body) VALUES ('branch')");
    if (alone !== undefined) {
      const makings = [
        () => provider.branch(branch, { label: 'no' }),
        () => provider.snapshot(branch, { label: 'no' }),
      ];
      for (const making of makings) expect((await refused(making())).message).toContain(rival.name);
      expect(ids(await provider.list(main.target))).toEqual([checkpoint.id, branch.id]);
      await rival.end();
    }
    expect(await bodies(await provider.branch(branch, { label: 'c' }))).toEqual(['first', 'branch']);
    expect(await bodies(await provider.snapshot(branch, { label: 's' }))).toEqual(['first', 'branch']);
    if (alone === undefined) await rival.end();
  });
}

async function refused(making: Promise<unknown>): Promise<Error> {
  const refusal: unknown = await making.catch((error: unknown) => error);
  expect(refusal).toMatchObject({ code: 'PROVIDER_FAILED' });
  return refusal as Error;
}
