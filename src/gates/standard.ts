import type { Gate } from '../gate.ts';
import { applies } from './applies.ts';
import { blockedTime } from './blocked-time.ts';
import { checks } from './checks.ts';
import { dataPreserved } from './data-preserved.ts';
import { duration } from './duration.ts';
import { integrity } from './integrity.ts';
import { leftBehind } from './left-behind.ts';
import { objectsKept } from './objects-kept.ts';
import { reversible } from './reversible.ts';
import { rewrite } from './rewrite.ts';

/** The questions that every migration is asked. */
export const standardGates: readonly Gate[] = [
  applies,
  integrity,
  dataPreserved,
  objectsKept,
  leftBehind,
  blockedTime,
  rewrite,
  duration,
  reversible,
  checks,
];
