import { ForerunError } from './error.ts';
import type { Driver } from './seams/driver.ts';
import type { Target } from './seams/target.ts';

/** Throws where something that is no SQL is to work on a database which nothing but SQL reaches. */
export function refuseBesideSql({ onlySql }: Driver, what: string, branch?: Target): void {
  if (onlySql === undefined) return;
  throw new ForerunError('NOT_REHEARSABLE', `${what} cannot reach the database: ${onlySql.why}.`, {
    details: {},
    next:
      branch === undefined
        ? onlySql.next
        : `Have a program work on it where it is, for example: ${onlySql.command(branch)}`,
  });
}
