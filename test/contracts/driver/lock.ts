import { beforeEach, describe, expect, test } from 'vitest';
import type { LockHolder } from '../../../src/seams/driver.ts';
import { failure, holder, type DriverWorld, type TestDatabase } from './world.ts';

export function lockTests(world: () => DriverWorld): void {
  describe('the run lock', () => {
    let main: TestDatabase;
    beforeEach(async () => {
      main = await world().makeDatabase();
    });
    const theirs: LockHolder = { ...holder, run: 'theirs' };
    const waiting = (): {
      told: (LockHolder | undefined)[];
      told1: Promise<void>;
      waiting(by: LockHolder | undefined): void;
    } => {
      const told: (LockHolder | undefined)[] = [];
      let tell = (): void => {};
      const told1 = new Promise<void>((resolve) => (tell = resolve));
      return { told, told1, waiting: (by) => (told.push(by), tell()) };
    };
    const lock = (options: {
      waitMs?: number;
      signal?: AbortSignal;
      waiting?(by: LockHolder | undefined): void;
    }): Promise<AsyncDisposable> =>
      world().driver.lock(main.target, {
        holder,
        waitMs: options.waitMs ?? 30_000,
        signal: options.signal ?? new AbortController().signal,
        waiting: (by) => options.waiting?.(by),
      });

    test('is taken, given back and taken again', async () => {
      const told = waiting();
      for (let round = 0; round < 3; round += 1) {
        await using held = await lock(told);
        expect(held).toBeDefined();
      }
      expect(told.told).toEqual([]);
    });

    test('makes the second deployer wait, tells it once who holds it, and is its own when the first is done', async () => {
      const first = await world().deployer(main.target, theirs);
      const told = waiting();
      let got = false;
      const second = lock(told).then((held) => {
        got = true;
        return held;
      });
      await told.told1;
      expect(got).toBe(false);
      await first.release();
      await using held = await second;
      expect(held).toBeDefined();
      expect(told.told).toEqual([theirs]);
    });

    test('goes away with the process that held it, killed in the middle', async () => {
      const first = await world().deployer(main.target, theirs);
      const told = waiting();
      const second = lock(told);
      await told.told1;
      await first.kill();
      await using held = await second;
      expect(held).toBeDefined();
    });

    test('is given up on at the limit, naming the holder', async () => {
      const first = await world().deployer(main.target, theirs);
      const error = await failure(lock({ waitMs: 0 }));
      expect(error).toMatchObject({ code: 'LOCKED', details: { holder: 'theirs' } });
      expect(error.message).toContain(`process ${theirs.pid} on here`);
      expect(error.next).toMatch(/\w/);
      await first.release();
    });

    test('is not waited for once the run is interrupted', async () => {
      const first = await world().deployer(main.target, theirs);
      const controller = new AbortController();
      const error = await failure(lock({ signal: controller.signal, waiting: () => controller.abort() }));
      expect(error.name).toBe('AbortError');
      await first.release();
    });

    test('holds within one process too', async () => {
      await using held = await lock({});
      expect(held).toBeDefined();
      expect((await failure(lock({ waitMs: 0 }))).code).toBe('LOCKED');
    });
  });
}
