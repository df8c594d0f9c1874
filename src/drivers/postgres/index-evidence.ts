import type { IndexEvidence } from '../../seams/evidence.ts';
import { hasNewFile, type Relation } from './relations.ts';
import type { State } from './state.ts';
import type { Waste } from './waste.ts';

/** The indexes whose size or file changed. */
export function changedIndexes(before: State, after: State): readonly ChangedIndex[] {
  const all = new Set([...before.relations.keys(), ...after.relations.keys()]);
  return [...all].flatMap((oid) => {
    const [was, now] = [before.relations.get(oid), after.relations.get(oid)];
    if ((now ?? was)?.kind !== 'i' || (was?.bytes === now?.bytes && !hasNewFile(was, now))) return [];
    return [{ oid, was, now }];
  });
}

export interface ChangedIndex {
  readonly oid: number;
  readonly was: Relation | undefined;
  readonly now: Relation | undefined;
}

export function indexEvidence(changed: readonly ChangedIndex[], before: Waste, after: Waste): readonly IndexEvidence[] {
  return changed.map(({ oid, was, now }) => {
    const [bloatBefore, bloat] = [before.bloat.get(oid), after.bloat.get(oid)];
    return {
      index: (now ?? was)?.name ?? '',
      ...(was === undefined ? {} : { bytesBefore: was.bytes }),
      ...(now === undefined ? {} : { bytesAfter: now.bytes }),
      ...(bloatBefore === undefined ? {} : { bloatBefore: rounded(bloatBefore) }),
      ...(bloat === undefined ? {} : { bloat: rounded(bloat) }),
    };
  });
}

function rounded(share: number): number {
  return Math.round(share * 100) / 100;
}
