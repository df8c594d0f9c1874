import type { Target } from '../../seams/target.ts';
import { databaseOf, targetBeside } from './address.ts';

export interface DatabaseOptions {
  /** Database that Forerun connects to for work on others. @default 'postgres'; 'template1' where that is main */
  readonly maintenance?: string | undefined;
  /** How long to wait, in milliseconds, until nobody is connected any more. @default 1000 */
  readonly aloneWaitMs?: number | undefined;
}

/** A connection to main itself would keep it from being copied or renamed. */
export function maintenanceOf(target: Target, { maintenance }: DatabaseOptions): Target {
  const other = databaseOf(target) === 'postgres' ? 'template1' : 'postgres';
  return targetBeside(target, maintenance ?? other);
}
