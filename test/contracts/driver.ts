import { afterEach, beforeEach, describe } from 'vitest';
import { evidenceTests } from './driver/evidence.ts';
import { leavingOutTests } from './driver/leaving-out.ts';
import { lockTests } from './driver/lock.ts';
import { readingTests } from './driver/reading.ts';
import { recordTests } from './driver/records.ts';
import { scriptTests } from './driver/script.ts';
import { targetTests } from './driver/targets.ts';
import { transactionTests } from './driver/transaction.ts';
import type { DriverWorld } from './driver/world.ts';

export type * from './driver/world.ts';

/** What every driver keeps to. */
export function driverContract(name: string, open: () => Promise<DriverWorld>): void {
  describe(name, () => {
    let current: DriverWorld;
    const world = (): DriverWorld => current;
    beforeEach(async () => {
      current = await open();
    });
    afterEach(async () => {
      await current[Symbol.asyncDispose]();
    });
    targetTests(world);
    transactionTests(world);
    scriptTests(world);
    readingTests(world);
    recordTests(world);
    leavingOutTests(world);
    lockTests(world);
    evidenceTests(world);
  });
}
