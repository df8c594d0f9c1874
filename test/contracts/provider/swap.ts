import { expect, it } from 'vitest';
import { type Begin, fill } from './world.ts';

/** Whether main moved is known exactly. */
export function comparing(begin: Begin): void {
  it('knows whether anybody wrote main since the checkpoint, in this process or another', async () => {
    const { provider, main, rival: anybody } = await begin();
    await using before = await provider.checkpoint(main.target, { label: 'one' });
    await main.read('SELECT * FROM notes');
    expect(await provider.moved(before)).toBe(false);
    await main.write("INSERT INTO notes (body) VALUES ('ours')");
    expect(await provider.moved(before)).toBe(true);

    const rival = await anybody();
    await using between = await provider.checkpoint(main.target, { label: 'two' });
    await rival.read('SELECT * FROM notes');
    expect(await provider.moved(between)).toBe(false);
    await rival.write("INSERT INTO notes (body) VALUES ('theirs')");
    expect(await provider.moved(between)).toBe(true);
    expect(await provider.moved(before)).toBe(true);
    await rival.end();
  });

  it('cannot tell of a checkpoint that was disposed of, and says so', async () => {
    const { provider, main } = await begin();
    const checkpoint = await provider.checkpoint(main.target, { label: 'one' });
    await checkpoint[Symbol.asyncDispose]();
    await checkpoint[Symbol.asyncDispose]();
    await expect(provider.moved(checkpoint)).rejects.toMatchObject({ code: 'PROVIDER_FAILED' });
  });
}

/** Nothing does as if it could swap. */
export function notSwapping(begin: Begin): void {
  it('is not offered: no branch takes the place of main', async () => {
    const { provider } = await begin();
    expect(provider).not.toHaveProperty('promote');
  });
}

/** A branch takes main's place, or main stays as it is. */
export function swapping(begin: Begin): void {
  it('copies a database without any table, and promotes and restores it', async () => {
    const { provider, makeMain, change, promote, restore } = await begin();
    const empty = await makeMain();
    await using checkpoint = await provider.checkpoint(empty.target, { label: 'empty' });
    await promote(await provider.branch(checkpoint, { label: 'unchanged' }), checkpoint);
    await using again = await provider.checkpoint(empty.target, { label: 'still empty' });
    const branch = await provider.branch(again, { label: 'b' });
    await change(branch.target, 'CREATE TABLE t (a INTEGER)');
    await promote(branch, again);
    expect(await empty.read('SELECT count(*) FROM t')).toEqual([[0]]);

    await restore(checkpoint, empty.target);
    await expect(empty.read('SELECT count(*) FROM t')).rejects.toThrow('t');
  });

  it('makes main the branch, also for programs that have main open', async () => {
    const { bench, provider, main, change, promote } = await begin();
    const rival = await bench.rival(main.target);
    await rival.read('SELECT * FROM notes');
    await using checkpoint = await provider.checkpoint(main.target, { label: 'base' });
    const branch = await provider.branch(checkpoint, { label: 'b' });
    await change(branch.target, "ALTER TABLE notes ADD COLUMN extra TEXT; INSERT INTO notes (body) VALUES ('branch')");
    await promote(branch, checkpoint);

    expect(await rival.read('SELECT body, extra FROM notes')).toEqual([
      ['first', null],
      ['branch', null],
    ]);
    await rival.write("INSERT INTO notes (body, extra) VALUES ('rival', 'x')");
    expect(await main.read('SELECT body FROM notes')).toEqual([['first'], ['branch'], ['rival']]);
    await rival.end();
  });

  it('promotes a branch of a branch', async () => {
    const { provider, main, bodies, add, promote } = await begin();
    await using checkpoint = await provider.checkpoint(main.target, { label: 'base' });
    const branch = await provider.branch(checkpoint, { label: 'b' });
    await add(branch.target, 'one');
    const child = await provider.branch(branch, { label: 'c' });
    await add(child.target, 'two');
    await promote(child, checkpoint);
    expect(await bodies(main.target)).toEqual(['first', 'one', 'two']);
  });

  it('refuses a branch once a rival has written main, and keeps what the rival wrote', async () => {
    const { bench, provider, main, bodies, add, promote } = await begin();
    const rival = await bench.rival(main.target);
    await using checkpoint = await provider.checkpoint(main.target, { label: 'base' });
    const branch = await provider.branch(checkpoint, { label: 'b' });
    await add(branch.target, 'branch');
    await rival.write("INSERT INTO notes (body) VALUES ('rival')");
    await expect(promote(branch, checkpoint)).rejects.toMatchObject({ code: 'STALE_BRANCH' });
    expect(await bodies(main.target)).toEqual(['first', 'rival']);
    await rival.end();
  });

  it('refuses a second promotion since the same checkpoint', async () => {
    const { provider, main, bodies, add, promote } = await begin();
    await using checkpoint = await provider.checkpoint(main.target, { label: 'base' });
    const one = await provider.branch(checkpoint, { label: 'one' });
    const two = await provider.branch(checkpoint, { label: 'two' });
    await add(one.target, 'one');
    await add(two.target, 'two');
    await promote(one, checkpoint);
    await expect(promote(two, checkpoint)).rejects.toMatchObject({ code: 'STALE_BRANCH' });
    expect(await bodies(main.target)).toEqual(['first', 'one']);
  });
}

/** Others write main all the time. */
export function contended(begin: Begin): void {
  it('loses no row that a rival was told is committed, while it writes all through checkpoints and promotions', async () => {
    const { bench, provider, main, bodies, change, promote } = await begin();
    await fill(bench, main);
    const rival = await bench.rival(main.target);
    const outcomes: string[] = [];
    for (let round = 0; round < 9; round++) {
      // In two rounds of three the rival begins when main is locked for the swap: the worst moment to let it in.
      const onceLocked = round % 3 > 0;
      await rival.stop();
      if (!onceLocked) await rival.hammer({ reads: false, onceLocked });
      await using checkpoint = await provider.checkpoint(main.target, { label: `round ${round}` });
      const branch = await provider.branch(checkpoint, { label: `round ${round}` });
      await change(branch.target, `CREATE TABLE step_${round} (a INTEGER)`);
      if (onceLocked) await rival.hammer({ reads: false, onceLocked });
      outcomes.push(
        await promote(branch, checkpoint).then(
          () => 'promoted',
          (error: { code: string }) => error.code,
        ),
      );
      await new Promise((resolve) => setTimeout(resolve, 50));
      await provider.discard(branch);
    }
    const { acknowledged } = await rival.stop();
    const kept = new Set(await bodies(main.target));
    expect(acknowledged.filter((body) => !kept.has(body))).toEqual([]);
    expect(acknowledged.length).toBeGreaterThan(20);
    expect(outcomes).toEqual(outcomes.map((_, round) => (round % 3 > 0 ? 'promoted' : 'STALE_BRANCH')));
    for (const [round, outcome] of outcomes.entries()) {
      const exists = await main.read(`SELECT count(*) FROM step_${round}`).then(
        () => true,
        () => false,
      );
      expect(exists).toBe(outcome === 'promoted');
    }
    await rival.end();
  });
}
