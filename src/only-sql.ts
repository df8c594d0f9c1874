import { ForerunError } from './error.ts';
import type { Driver } from './seams/driver.ts';

/** Throws where something that is no SQL is to work on a database which nothing but SQL reaches. */
export function refuseBesideSql({ onlySql }: Driver, what: string): void {
  if (onlySql === undefined) return;
  throw new ForerunError('NOT_REHEARSABLE', `${what} cannot reach the database: ${onlySql.why}.`, {
    details: {},
    next: onlySql.next,
  });
}
