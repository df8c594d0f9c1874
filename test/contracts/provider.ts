import { describe } from 'vitest';
import type { ProviderBench } from './provider/bench.ts';
import { making, makingAnyway, naming } from './provider/copies.ts';
import { holding } from './provider/held.ts';
import { keeping } from './provider/keep.ts';
import { dying } from './provider/killed.ts';
import { restoring } from './provider/restore.ts';
import { comparing, contended, swapping } from './provider/swap.ts';
import { beginWith, type Begin } from './provider/world.ts';

export type { Death, Hammered, Opened, ProviderBench, Rival, Rows } from './provider/bench.ts';

/** What every provider keeps to. `makeBench` is called in each test. */
export function providerContract(name: string, makeBench: () => Promise<ProviderBench>): void {
  const begin: Begin = () => beginWith(makeBench);
  describe(name, { timeout: 120_000 }, () => {
    describe('making copies', () => making(begin));
    describe('making copies of any main', () => makingAnyway(begin));
    describe('naming branches', () => naming(begin));
    describe('telling whether main moved', () => comparing(begin));
    describe('promoting', () => swapping(begin));
    describe('promoting while others write', () => contended(begin));
    describe('a main that is never quiet', () => holding(begin));
    describe('restoring', () => restoring(begin));
    describe('discarding and listing', () => keeping(begin));
    describe('a process that is killed', () => dying(begin));
  });
}
