import { expect, it } from 'vitest';
import { type Begin, fill } from './world.ts';

/** SIGKILL at every step: what is left is listed, and main is never between two states. */
export function dying(begin: Begin): void {
  it.each(['checkpoint', 'branch', 'snapshot'] as const)(
    'lists and discards what is left of a %s that was cut short at any step, and main is whole',
    async (kind) => {
      const { bench, provider, main, bodies } = await begin();
      const states = new Set<string>();
      let step = 1;
      for (; await bench.workAndDie(main.target, { kind, label: 'cut short', run: 'run-1', step }); step++) {
        for (const copy of await provider.list(main.target)) {
          states.add(copy.state);
          if (copy.state === 'ready') expect(await bodies(copy.target)).toEqual(['first']);
          else
            await expect(provider.branch({ ...copy, kind: 'branch' }, { label: 'no' })).rejects.toMatchObject({
              code: 'NOT_FOUND',
            });
          await provider.discard(copy);
          await provider.discard(copy);
        }
        expect(await bench.residue(main.target)).toEqual([]);
        expect(await bodies(main.target)).toEqual(['first']);
      }
      expect(step).toBeGreaterThan(4);
      expect(states).toContain('leftover');
    },
  );

  it.each([
    ['promote', ['first'], ['first', 'promoted']],
    ['restore', ['first', 'to be undone'], ['first']],
  ] as const)(
    'leaves main before or after a %s that was cut short at any step, never between',
    async (kind, before, after) => {
      const { bench, main, bodies } = await begin();
      await fill(main);
      const seen: unknown[] = [];
      for (let step = 1; ; step++) {
        const killed = await bench.workAndDie(main.target, { kind, label: `${step}`, run: 'run-1', step });
        seen.push(await bodies(main.target));
        if (!killed) break;
        await main.write("DELETE FROM notes WHERE body <> 'first'");
      }
      expect(seen.at(-1)).toEqual(after);
      for (const state of seen) expect([before, after]).toContainEqual(state);
      expect(seen.length).toBeGreaterThan(4);
    },
  );

  it('keeps the checkpoints of a run whose process ended, and calls its branches leftovers', async () => {
    const { bench, provider, main } = await begin();
    await bench.workAndDie(main.target, { kind: 'checkpoint', label: 'kept', run: 'run-1' });
    await bench.workAndDie(main.target, { kind: 'branch', label: 'of the run', run: 'run-1' });
    await bench.workAndDie(main.target, { kind: 'branch', label: 'of a person' });
    const states = (await provider.list(main.target)).map((copy) => [copy.label, copy.state]);
    expect(states).toContainEqual(['kept', 'ready']);
    expect(states).toContainEqual(['of the run', 'leftover']);
    expect(states).toContainEqual(['of a person', 'ready']);
  });

  it('gives the name of a leftover to a new branch', async () => {
    const { bench, provider, main } = await begin();
    await bench.workAndDie(main.target, { kind: 'branch', label: 'again', run: 'run-1' });
    await using checkpoint = await provider.checkpoint(main.target, { label: 'base' });
    expect((await provider.branch(checkpoint, { label: 'again', run: 'run-2' })).label).toBe('again');
  });
}
