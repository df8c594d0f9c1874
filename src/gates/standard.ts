import type { Gate } from '../gate.ts';
import { applies } from './applies.ts';
import { checks } from './checks.ts';
import { dataPreserved } from './data-preserved.ts';
import { integrity } from './integrity.ts';
import { objectsKept } from './objects-kept.ts';
import { reversible } from './reversible.ts';

/** The questions that every migration is asked. */
export const standardGates: readonly Gate[] = [applies, integrity, dataPreserved, objectsKept, reversible, checks];
