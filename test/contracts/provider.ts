import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Branch, Checkpoint, ListedCopy, Provider } from '../../src/seams/provider.ts';
import type { Target } from '../../src/seams/target.ts';

export type Rows = readonly (readonly unknown[])[];

/** A connection to any database, from this process. */
export interface Opened {
  readonly target: Target;
  write(sql: string): Promise<void>;
  read(sql: string): Promise<Rows>;
  close(): Promise<void>;
}

/** An application on a database, in another process: within one process some engines lock nothing. */
export interface Rival {
  write(sql: string): Promise<void>;
  read(sql: string): Promise<Rows>;
  /**
   * Inserts into `notes (body)` without pause, and reads it too where asked, until `stop`. With `onceLocked` it writes
   * nothing before it is first refused a write transaction: it begins in the very middle of somebody's.
   */
  hammer(options: { readonly reads: boolean; readonly onceLocked: boolean }): Promise<void>;
  stop(): Promise<Hammered>;
  end(): Promise<void>;
}

export interface Hammered {
  /** Bodies of the rows that the rival was told are committed. */
  readonly acknowledged: readonly string[];
  readonly refused: number;
  readonly reads: number;
  /** In milliseconds. */
  readonly longestRead: number;
  /** Codes of reads that failed. */
  readonly failedReads: readonly string[];
}

export interface Death {
  readonly kind: 'checkpoint' | 'branch' | 'snapshot';
  readonly label: string;
  readonly run?: string;
  /** 1-based; absent for one that lives until it has made its copy. */
  readonly step?: number;
}

/** One world: made before each test and disposed of after it. */
export interface ProviderBench extends AsyncDisposable {
  readonly provider: Provider;
  /** A new database without any table. */
  makeMain(): Promise<Opened>;
  open(target: Target): Promise<Opened>;
  rival(target: Target): Promise<Rival>;
  /** Makes a copy in a process of its own that is killed right before a step. False where it had finished before. */
  makeAndDie(main: Target, death: Death): Promise<boolean>;
  /** Whether main can be read while its writers are held off. */
  readonly holdable: boolean;
}

const signal = (): AbortSignal => AbortSignal.timeout(60_000);

/** Some 20 MB, so that copying takes long enough for others to get in between. */
async function fill(main: Opened): Promise<void> {
  await main.write('CREATE TABLE filler (id INTEGER PRIMARY KEY, body TEXT)');
  await main.write(`INSERT INTO filler (body) VALUES ('${'filler '.repeat(100)}')`);
  for (let i = 0; i < 15; i++) await main.write('INSERT INTO filler (body) SELECT body FROM filler');
}

/** What every provider keeps to. */
export function providerContract(name: string, makeBench: () => Promise<ProviderBench>): void {
  describe(name, { timeout: 120_000 }, () => {
    let bench: ProviderBench;
    let provider: Provider;
    let main: Opened;

    beforeEach(async () => {
      bench = await makeBench();
      provider = bench.provider;
      main = await bench.makeMain();
      await main.write("CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT); INSERT INTO notes (body) VALUES ('first')");
    });
    afterEach(async () => {
      await main.close();
      await bench[Symbol.asyncDispose]();
    });

    const bodies = async (target: Target): Promise<unknown[]> => {
      const opened = await bench.open(target);
      const rows = await opened.read('SELECT body FROM notes ORDER BY id');
      await opened.close();
      return rows.map(([body]) => body);
    };
    const change = async (target: Target, sql: string): Promise<void> => {
      const opened = await bench.open(target);
      await opened.write(sql);
      await opened.close();
    };
    const add = (target: Target, body: string): Promise<void> => change(target, `INSERT INTO notes (body) VALUES ('${body}')`);
    const promote = (branch: Branch, since: Checkpoint): Promise<void> => {
      if (provider.promote === undefined) throw new Error(`${provider.name} cannot swap`);
      return provider.promote(branch, since);
    };
    const ids = (copies: readonly ListedCopy[]): string[] => copies.map((copy) => copy.id);

    describe('copies', () => {
      it('keeps in a checkpoint what main was, whatever is written later', async () => {
        await using checkpoint = await provider.checkpoint(main.target, { label: 'before', signal: signal() });
        await main.write("INSERT INTO notes (body) VALUES ('later')");
        expect(await bodies(checkpoint.target)).toEqual(['first']);
      });

      it('isolates branches from main, from each other and from the branch they were made from', async () => {
        await using checkpoint = await provider.checkpoint(main.target, { label: 'base' });
        const left = await provider.branch(checkpoint, { label: 'left' });
        const right = await provider.branch(checkpoint, { label: 'right' });
        await add(left.target, 'left');
        const child = await provider.branch(left, { label: 'child' });
        await add(child.target, 'child');
        await add(right.target, 'right');

        expect(await bodies(main.target)).toEqual(['first']);
        expect(await bodies(checkpoint.target)).toEqual(['first']);
        expect(await bodies(left.target)).toEqual(['first', 'left']);
        expect(await bodies(right.target)).toEqual(['first', 'right']);
        expect(await bodies(child.target)).toEqual(['first', 'left', 'child']);
      });

      it('says of every copy what it is, where it came from, how it was made and what it costs', async () => {
        await using checkpoint = await provider.checkpoint(main.target, { label: 'base', run: 'run-1' });
        const branch = await provider.branch(checkpoint, { label: 'try it' });
        const child = await provider.branch(branch, { label: 'try more' });
        const snapshot = await provider.snapshot(child, { label: 'between' });

        expect([checkpoint.kind, branch.kind, child.kind, snapshot.kind]).toEqual(['checkpoint', 'branch', 'branch', 'checkpoint']);
        expect(checkpoint.parent).toBeUndefined();
        expect([branch.parent, child.parent, snapshot.parent]).toEqual([checkpoint.id, branch.id, child.id]);
        expect([checkpoint.run, branch.run]).toEqual(['run-1', undefined]);
        for (const copy of [checkpoint, branch, child, snapshot]) {
          expect(copy.id).toMatch(/^[\w-]{4,32}$/);
          expect(copy.way).toMatch(/^\w+$/);
          expect(copy.bytes).toBeGreaterThan(0);
          expect(copy.ms).toBeGreaterThanOrEqual(0);
          expect(copy.host).not.toBe('');
          expect(copy.createdAt).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
        }
        expect(new Set([checkpoint.id, branch.id, child.id, snapshot.id]).size).toBe(4);
      });

      it('keeps in a snapshot what a branch was, whatever is written to the branch later', async () => {
        await using checkpoint = await provider.checkpoint(main.target, { label: 'base' });
        const branch = await provider.branch(checkpoint, { label: 'b' });
        await add(branch.target, 'one');
        const snapshot = await provider.snapshot(branch, { label: 'after one' });
        await add(branch.target, 'two');
        expect(await bodies(snapshot.target)).toEqual(['first', 'one']);
      });

      it('copies a database without any table, and promotes and restores it', async () => {
        const empty = await bench.makeMain();
        await using checkpoint = await provider.checkpoint(empty.target, { label: 'empty' });
        const branch = await provider.branch(checkpoint, { label: 'b' });
        await change(branch.target, 'CREATE TABLE t (a INTEGER)');
        await promote(branch, checkpoint);
        expect(await empty.read('SELECT count(*) FROM t')).toEqual([[0]]);

        await provider.restore(checkpoint, empty.target);
        await expect(empty.read('SELECT count(*) FROM t')).rejects.toThrow('t');
        await empty.close();
      });

      it('copies while a program in another process is inside a read and another inside a write', async () => {
        const reader = await bench.rival(main.target);
        const writer = await bench.rival(main.target);
        await reader.write('BEGIN');
        await reader.read('SELECT * FROM notes');
        await writer.write("BEGIN IMMEDIATE; INSERT INTO notes (body) VALUES ('not committed')");
        const making = provider.checkpoint(main.target, { label: 'busy' });
        await new Promise((resolve) => setTimeout(resolve, 100));
        await writer.write('ROLLBACK');
        await using checkpoint = await making;
        expect(await bodies(checkpoint.target)).toEqual(['first']);
        expect(await reader.read('SELECT body FROM notes')).toEqual([['first']]);
        await reader.end();
        await writer.end();
      });

      it('leaves nothing behind and throws the reason where the signal is aborted', async () => {
        const reason = new Error('enough');
        const making = { label: 'never', signal: AbortSignal.abort(reason) };
        await expect(provider.checkpoint(main.target, making)).rejects.toBe(reason);
        await using checkpoint = await provider.checkpoint(main.target, { label: 'base' });
        await expect(provider.branch(checkpoint, making)).rejects.toBe(reason);
        expect(ids(await provider.list(main.target))).toEqual([checkpoint.id]);
      });

      it('estimates a checkpoint without making one', async () => {
        const estimate = await provider.estimate(main.target);
        expect(estimate.way).toMatch(/^\w+$/);
        expect(estimate.bytes).toBeGreaterThanOrEqual(0);
        expect(await provider.list(main.target)).toEqual([]);
      });
    });

    describe('names', () => {
      it('refuses a second living branch of one name, naming the first', async () => {
        await using checkpoint = await provider.checkpoint(main.target, { label: 'base' });
        const first = await provider.branch(checkpoint, { label: 'premium' });
        await expect(provider.branch(checkpoint, { label: 'premium' })).rejects.toMatchObject({
          code: 'USAGE',
          message: expect.stringContaining(first.id),
        });
        expect(ids(await provider.list(main.target))).toEqual([checkpoint.id, first.id]);
      });

      it('gives a name again once its branch is discarded, and on another main at any time', async () => {
        await using checkpoint = await provider.checkpoint(main.target, { label: 'base' });
        const first = await provider.branch(checkpoint, { label: 'premium' });
        const other = await bench.makeMain();
        await using otherCheckpoint = await provider.checkpoint(other.target, { label: 'base' });
        await provider.branch(otherCheckpoint, { label: 'premium' });
        await provider.discard(first);
        expect((await provider.branch(checkpoint, { label: 'premium' })).label).toBe('premium');
        await other.close();
      });
    });

    describe('compare and swap', () => {
      it('knows whether anybody wrote main since the checkpoint, in this process or another', async () => {
        await using before = await provider.checkpoint(main.target, { label: 'one' });
        await main.read('SELECT * FROM notes');
        expect(await provider.moved(before)).toBe(false);
        await main.write("INSERT INTO notes (body) VALUES ('ours')");
        expect(await provider.moved(before)).toBe(true);

        const rival = await bench.rival(main.target);
        await using between = await provider.checkpoint(main.target, { label: 'two' });
        await rival.read('SELECT * FROM notes');
        expect(await provider.moved(between)).toBe(false);
        await rival.write("INSERT INTO notes (body) VALUES ('theirs')");
        expect(await provider.moved(between)).toBe(true);
        expect(await provider.moved(before)).toBe(true);
        await rival.end();
      });

      it('cannot tell of a checkpoint that was disposed of, and says so', async () => {
        const checkpoint = await provider.checkpoint(main.target, { label: 'one' });
        await checkpoint[Symbol.asyncDispose]();
        await checkpoint[Symbol.asyncDispose]();
        await expect(provider.moved(checkpoint)).rejects.toMatchObject({ code: 'PROVIDER_FAILED' });
      });

      it('makes main the branch, also for programs that have main open', async () => {
        const rival = await bench.rival(main.target);
        await rival.read('SELECT * FROM notes');
        await using checkpoint = await provider.checkpoint(main.target, { label: 'base' });
        const branch = await provider.branch(checkpoint, { label: 'b' });
        await change(branch.target, "ALTER TABLE notes ADD COLUMN extra TEXT; INSERT INTO notes (body) VALUES ('branch')");
        await promote(branch, checkpoint);

        expect(await rival.read('SELECT body, extra FROM notes')).toEqual([['first', null], ['branch', null]]);
        await rival.write("INSERT INTO notes (body, extra) VALUES ('rival', 'x')");
        expect(await main.read('SELECT body FROM notes')).toEqual([['first'], ['branch'], ['rival']]);
        await rival.end();
      });

      it('promotes a branch of a branch', async () => {
        await using checkpoint = await provider.checkpoint(main.target, { label: 'base' });
        const branch = await provider.branch(checkpoint, { label: 'b' });
        await add(branch.target, 'one');
        const child = await provider.branch(branch, { label: 'c' });
        await add(child.target, 'two');
        await promote(child, checkpoint);
        expect(await bodies(main.target)).toEqual(['first', 'one', 'two']);
      });

      it('refuses a branch once a rival has written main, and keeps what the rival wrote', async () => {
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
        await using checkpoint = await provider.checkpoint(main.target, { label: 'base' });
        const one = await provider.branch(checkpoint, { label: 'one' });
        const two = await provider.branch(checkpoint, { label: 'two' });
        await add(one.target, 'one');
        await add(two.target, 'two');
        await promote(one, checkpoint);
        await expect(promote(two, checkpoint)).rejects.toMatchObject({ code: 'STALE_BRANCH' });
        expect(await bodies(main.target)).toEqual(['first', 'one']);
      });

      it('loses no row that a rival was told is committed, while it writes all through checkpoints and promotions', async () => {
        await fill(main);
        const rival = await bench.rival(main.target);
        await rival.hammer({ reads: false });
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
          outcomes.push(await promote(branch, checkpoint).then(() => 'promoted', (error: { code: string }) => error.code));
          await new Promise((resolve) => setTimeout(resolve, 50));
          await provider.discard(branch);
        }
        const { acknowledged } = await rival.stop();
        const kept = new Set(await bodies(main.target));
        expect(acknowledged.filter((body) => !kept.has(body))).toEqual([]);
        expect(acknowledged.length).toBeGreaterThan(20);
        expect(outcomes).toEqual(outcomes.map((_, round) => (round % 3 > 0 ? 'promoted' : 'STALE_BRANCH')));
        for (const [round, outcome] of outcomes.entries()) {
          const exists = await main.read(`SELECT count(*) FROM step_${round}`).then(() => true, () => false);
          expect(exists).toBe(outcome === 'promoted');
        }
        await rival.end();
      });
    });

    describe('a main that is never quiet', () => {
      const held = (branch: Branch, rehearse: () => Promise<void>): Promise<void> => {
        if (provider.promoteHeld === undefined) throw new Error(`${provider.name} cannot hold writers off`);
        return provider.promoteHeld(branch, main.target, rehearse);
      };

      it('is promoted with its writers held off while readers go on, or is refused as it is', async () => {
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
          return rival.end();
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
        await using checkpoint = await provider.checkpoint(main.target, { label: 'base' });
        const branch = await provider.branch(checkpoint, { label: 'b' });
        if (!bench.holdable) return;
        const failure = new Error('no');
        const promotion = held(branch, async () => {
          await add(branch.target, 'never');
          throw failure;
        });
        await expect(promotion).rejects.toBe(failure);
        expect(await provider.moved(checkpoint)).toBe(false);
        await main.write("INSERT INTO notes (body) VALUES ('goes on')");
        expect(await bodies(main.target)).toEqual(['first', 'goes on']);
      });
    });

    describe('restore', () => {
      it('makes main what the checkpoint holds, as often as it is asked', async () => {
        const rival = await bench.rival(main.target);
        await using checkpoint = await provider.checkpoint(main.target, { label: 'good' });
        for (let time = 0; time < 2; time++) {
          await rival.write("DELETE FROM notes; CREATE TABLE oops (a INTEGER); INSERT INTO notes (body) VALUES ('bad')");
          await provider.restore(checkpoint, main.target);
          expect(await rival.read('SELECT body FROM notes')).toEqual([['first']]);
          await expect(rival.read('SELECT * FROM oops')).rejects.toThrow();
        }
        await provider.restore(checkpoint, main.target);
        expect(await bodies(main.target)).toEqual(['first']);
        await rival.end();
      });

      it('leaves the checkpoint as it was', async () => {
        await using checkpoint = await provider.checkpoint(main.target, { label: 'good' });
        await provider.restore(checkpoint, main.target);
        await main.write("INSERT INTO notes (body) VALUES ('later')");
        expect(await bodies(checkpoint.target)).toEqual(['first']);
      });

      it('restores what another process checkpointed', async () => {
        expect(await bench.makeAndDie(main.target, { kind: 'checkpoint', label: 'theirs' })).toBe(false);
        await main.write('DELETE FROM notes');
        const [checkpoint] = await provider.list(main.target);
        if (checkpoint === undefined) throw new Error('nothing is listed');
        await provider.restore(checkpoint, main.target);
        expect(await bodies(main.target)).toEqual(['first']);
      });
    });

    describe('discard and list', () => {
      it('discards as often as it is asked, and leaves parents and children alone', async () => {
        await using checkpoint = await provider.checkpoint(main.target, { label: 'base' });
        const branch = await provider.branch(checkpoint, { label: 'b' });
        const child = await provider.branch(branch, { label: 'c' });
        await provider.discard(branch);
        await provider.discard(branch);
        expect(await bodies(child.target)).toEqual(['first']);
        expect(await bodies(checkpoint.target)).toEqual(['first']);
        expect(ids(await provider.list(main.target))).toEqual([checkpoint.id, child.id]);
        await provider.discard(checkpoint);
        await provider.discard(checkpoint);
        expect(ids(await provider.list(main.target))).toEqual([child.id]);
      });

      it('makes nothing of a copy that was discarded', async () => {
        await using checkpoint = await provider.checkpoint(main.target, { label: 'base' });
        await provider.discard(checkpoint);
        await expect(provider.branch(checkpoint, { label: 'b' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
        await expect(provider.restore(checkpoint, main.target)).rejects.toMatchObject({ code: 'NOT_FOUND' });
        expect(await bodies(main.target)).toEqual(['first']);
      });

      it('lists the copies of this main alone, oldest first, as they were described when they were made', async () => {
        const other = await bench.makeMain();
        await using theirs = await provider.checkpoint(other.target, { label: 'other' });
        await using checkpoint = await provider.checkpoint(main.target, { label: 'base', run: 'run-1' });
        const branch = await provider.branch(checkpoint, { label: 'b', run: 'run-1' });
        const { [Symbol.asyncDispose]: _, ...described } = checkpoint;
        expect(await provider.list(main.target)).toEqual([
          { ...described, state: 'ready' },
          { ...branch, state: 'ready' },
        ]);
        expect(ids(await provider.list(other.target))).toEqual([theirs.id]);
        await other.close();
      });
    });

    describe('leftovers of a killed process', () => {
      it.each(['checkpoint', 'branch', 'snapshot'] as const)(
        'lists and discards what is left of a %s that was cut short at any step, and main is whole',
        async (kind) => {
          let step = 1;
          for (; await bench.makeAndDie(main.target, { kind, label: 'cut short', run: 'run-1', step }); step++) {
            const left = await provider.list(main.target);
            for (const copy of left) {
              if (copy.state === 'ready') expect(await bodies(copy.target)).toEqual(['first']);
              else await expect(provider.branch({ ...copy, kind: 'branch' }, { label: 'no' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
              await provider.discard(copy);
              await provider.discard(copy);
            }
            expect(await provider.list(main.target)).toEqual([]);
            expect(await bodies(main.target)).toEqual(['first']);
          }
          expect(step).toBeGreaterThan(4);
        },
      );

      it('keeps the checkpoints of a run whose process ended, and calls its branches leftovers', async () => {
        await bench.makeAndDie(main.target, { kind: 'checkpoint', label: 'kept', run: 'run-1' });
        await bench.makeAndDie(main.target, { kind: 'branch', label: 'of the run', run: 'run-1' });
        await bench.makeAndDie(main.target, { kind: 'branch', label: 'of a person' });
        const states = (await provider.list(main.target)).map((copy) => [copy.label, copy.state]);
        expect(states).toContainEqual(['kept', 'ready']);
        expect(states).toContainEqual(['of the run', 'leftover']);
        expect(states).toContainEqual(['of a person', 'ready']);
      });

      it('gives the name of a leftover to a new branch', async () => {
        await bench.makeAndDie(main.target, { kind: 'branch', label: 'again', run: 'run-1' });
        await using checkpoint = await provider.checkpoint(main.target, { label: 'base' });
        expect((await provider.branch(checkpoint, { label: 'again', run: 'run-2' })).label).toBe('again');
      });
    });
  });
}
