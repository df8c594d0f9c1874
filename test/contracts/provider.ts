import { describe } from 'vitest';
import type { ProviderBench } from './provider/bench.ts';
import { making, makingAnyway, naming } from './provider/copies.ts';
import { holding, notHolding } from './provider/held.ts';
import { keeping } from './provider/keep.ts';
import { dying, dyingInRestore, dyingInSwap } from './provider/killed.ts';
import { notRestoring, restoring } from './provider/restore.ts';
import { comparing, contended, notSwapping, swapping } from './provider/swap.ts';
import { makingAlone, makingAmongOthers } from './provider/users.ts';
import { beginWith, type Begin, type Flags } from './provider/world.ts';

export type { Death, Dialect, Hammered, Opened, ProviderBench, Rival, Rows } from './provider/bench.ts';
export type { Flags } from './provider/world.ts';

/** What every provider keeps to; its flags say what it offers. `makeBench` is called in each test. */
export function providerContract(name: string, flags: Flags, makeBench: () => Promise<ProviderBench>): void {
  const begin: Begin = () => beginWith(makeBench, flags);
  describe(name, { timeout: 120_000 }, () => {
    copies(begin, flags);
    describe('making copies of any main', () => makingAnyway(begin));
    describe('naming branches', () => naming(begin));
    describe('telling whether main moved', () => comparing(begin));
    if (flags.promote === undefined) describe('promoting', () => notSwapping(begin));
    else {
      describe('promoting', () => swapping(begin));
      describe('promoting while others write', () => contended(begin));
    }
    describe('a main that is never quiet', () => (flags.promoteHeld === undefined ? notHolding : holding)(begin));
    describe('restoring', () => (flags.restore === undefined ? notRestoring : restoring)(begin));
    describe('a process that is killed', { timeout: 300_000 }, () => {
      dying(begin);
      if (flags.restore !== undefined) dyingInRestore(begin);
      if (flags.promote !== undefined) dyingInSwap(begin);
    });
  });
}

/** Its parts about making and keeping copies, for another way of doing that by a provider that keeps to all of it. */
export function copiesContract(name: string, flags: Flags, makeBench: () => Promise<ProviderBench>): void {
  const begin: Begin = () => beginWith(makeBench, flags);
  describe(name, { timeout: 120_000 }, () => copies(begin, flags));
}

function copies(begin: Begin, flags: Flags): void {
  describe('making copies', () => making(begin));
  describe('making copies of what others use', () => {
    if (flags.alone !== 'everything') makingAmongOthers(begin);
    makingAlone(begin, flags.alone);
  });
  describe('discarding and listing', () => keeping(begin));
}
