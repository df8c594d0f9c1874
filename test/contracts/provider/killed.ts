import { expect, it } from 'vitest';
import type { Copy, ListedCopy } from '../../../src/seams/provider.ts';
import { type Begin, fill, type World } from './world.ts';

/** SIGKILL at every step: what is left is listed, and main is never between two states. */
export function dying(begin: Begin): void {
  it.each(['checkpoint', 'branch', 'snapshot'] as const)(
    'lists and discards what is left of a %s that was cut short at any step, and main is whole',
    async (kind) => {
      const world = await begin();
      const { bench, main, bodies } = world;
      const base = kind === 'checkpoint' ? undefined : await world.provider.checkpoint(main.target, { label: 'base' });
      const source =
        base === undefined || kind === 'branch' ? base : await world.provider.branch(base, { label: 'source' });
      const kept = [base, source].filter((copy) => copy !== undefined);
      const what = { label: 'cut short', run: 'run-1' };
      const states = new Set<string>();
      let step = 1;
      const die = (): Promise<boolean> =>
        bench.workAndDie(
          main.target,
          kind === 'checkpoint' || source === undefined
            ? { ...what, kind: 'checkpoint', step }
            : { ...what, kind, of: source, step },
        );
      for (; await die(); step++) {
        for (const copy of await leftBeside(world, kept)) {
          states.add(copy.state);
          await judge(world, copy);
          await discardTwice(world, copy);
        }
        expect(await residueBut(world, kept)).toEqual([]);
        expect(await bodies(main.target)).toEqual(['first']);
        if (source?.kind === 'branch') expect(await bodies(source)).toEqual(['first']);
      }
      for (const copy of kept) expect(await bodies(copy)).toEqual(['first']);
      await base?.[Symbol.asyncDispose]();
      expect(step).toBeGreaterThan(4);
      expect(states).toContain('leftover');
    },
  );

  it('keeps the checkpoints of a run whose process ended, and calls its branches leftovers', async () => {
    const { bench, provider, main, bodies } = await begin();
    await bench.workAndDie(main.target, { kind: 'checkpoint', label: 'kept', run: 'run-1' });
    const [of] = await provider.list(main.target);
    if (of === undefined) throw new Error('nothing is listed');
    await bench.workAndDie(main.target, { kind: 'branch', of, label: 'of the run', run: 'run-1' });
    await bench.workAndDie(main.target, { kind: 'branch', of, label: 'of a person' });
    const copies = await provider.list(main.target);
    const states = copies.map((copy) => [copy.label, copy.state]);
    expect(states).toContainEqual(['kept', 'ready']);
    expect(states).toContainEqual(['of the run', 'leftover']);
    expect(states).toContainEqual(['of a person', 'ready']);
    for (const copy of copies) if (copy.state === 'ready') expect(await bodies(copy)).toEqual(['first']);
  });

  it('gives the name of a leftover to a new branch', async () => {
    const { bench, provider, main } = await begin();
    await using checkpoint = await provider.checkpoint(main.target, { label: 'base' });
    await bench.workAndDie(main.target, { kind: 'branch', of: checkpoint, label: 'again', run: 'run-1' });
    expect((await provider.branch(checkpoint, { label: 'again', run: 'run-2' })).label).toBe('again');
  });
}

/** The same for what puts main back. */
export function dyingInRestore(begin: Begin): void {
  it('leaves main before or after a restore that was cut short at any step, never between', async () => {
    const world = await begin();
    const { bench, provider, main, bodies } = world;
    if (bench.paged) await fill(bench, main);
    await using base = await provider.checkpoint(main.target, { label: 'base' });
    const seen: unknown[] = [];
    for (let step = 1; ; step++) {
      await main.write("INSERT INTO notes (body) VALUES ('to be undone')");
      const killed = await bench.workAndDie(main.target, { kind: 'restore', label: `${step}`, of: base, step });
      seen.push(await bodies(main.target));
      if (!killed) break;
      await main.write("DELETE FROM notes WHERE body <> 'first'");
      for (const copy of await leftBeside(world, [base])) {
        expect(copy.state).toBe('leftover');
        await discardTwice(world, copy);
      }
      expect(await residueBut(world, [base])).toEqual([]);
    }
    expect(seen.at(-1)).toEqual(['first']);
    for (const state of seen) expect([['first', 'to be undone'], ['first']]).toContainEqual(state);
    expect(seen.length).toBeGreaterThan(4);
    expect(await bodies(base)).toEqual(['first']);
  });
}

/** The same for a swap. */
export function dyingInSwap(begin: Begin): void {
  it('leaves main before or after a promote that was cut short at any step, never between', async () => {
    const { bench, main, bodies } = await begin();
    await fill(bench, main);
    const seen: unknown[] = [];
    for (let step = 1; ; step++) {
      const killed = await bench.workAndDie(main.target, { kind: 'promote', label: `${step}`, run: 'run-1', step });
      seen.push(await bodies(main.target));
      if (!killed) break;
      await main.write("DELETE FROM notes WHERE body <> 'first'");
    }
    expect(seen.at(-1)).toEqual(['first', 'promoted']);
    for (const state of seen) expect([['first'], ['first', 'promoted']]).toContainEqual(state);
    expect(seen.length).toBeGreaterThan(4);
  });
}

async function leftBeside({ provider, main }: World, kept: readonly Copy[]): Promise<readonly ListedCopy[]> {
  return (await provider.list(main.target)).filter(({ id }) => !kept.some((copy) => copy.id === id));
}

/** What is whole holds what it was made of, though a dead run's process may not have come to say so; else it is nothing. */
async function judge({ provider, bodies }: World, copy: ListedCopy): Promise<void> {
  if (copy.state === 'ready' || copy.way !== 'unknown') expect(await bodies(copy)).toEqual(['first']);
  else
    await expect(provider.branch({ ...copy, kind: 'branch' }, { label: 'no' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
}

async function discardTwice({ provider }: World, copy: ListedCopy): Promise<void> {
  await provider.discard(copy);
  await provider.discard(copy);
}

async function residueBut({ bench, main }: World, kept: readonly Copy[]): Promise<readonly string[]> {
  return (await bench.residue(main.target)).filter((name) => !kept.some(({ id }) => name.includes(id)));
}
