import type { Contents, TableColumns } from '../../seams/driver.ts';
import type { SqliteDatabase } from './client.ts';
import { quoteIdentifier } from './tokens.ts';

/**
 * Row count and digest of some tables, in one pass and constant memory. The digest is the sum of one 64-bit hash a row
 * (two lanes of 32 bits in the manner of cyrb53, public domain), so the order of rows does not count and equal rows do
 * not cancel each other. It tells change, not intent: it is no defence against somebody who seeks collisions.
 */
export function sqliteContents(database: SqliteDatabase, of: readonly TableColumns[]): Contents {
  return new Map(of.map(({ table, columns }) => [table, digestOf(database, table, columns)]));
}

function digestOf(
  database: SqliteDatabase,
  table: string,
  columns: readonly string[],
): { rows: number; digest: string } {
  const list = columns.length === 0 ? 'NULL' : columns.map(quoteIdentifier).join(', ');
  const statement = database
    .prepare(`SELECT ${list} FROM main.${quoteIdentifier(table)}`)
    .raw()
    .safeIntegers();
  let rows = 0;
  let high = 0;
  let low = 0;
  for (const row of statement.iterate() as IterableIterator<unknown[]>) {
    hashRow(row);
    high = (high + lanes.high) >>> 0;
    low = (low + lanes.low) >>> 0;
    rows += 1;
  }
  return { rows, digest: `sum64:${hex(high)}${hex(low)}` };
}

/** The two lanes of the row at hand; one object for all rows, so that hashing allocates nothing. */
const lanes = { high: 0, low: 0 };
const word = new DataView(new ArrayBuffer(8));

function hashRow(row: readonly unknown[]): void {
  lanes.high = 0xdeadbeef;
  lanes.low = 0x41c6ce57;
  for (const value of row) hashValue(value);
  const { high, low } = lanes;
  lanes.high = Math.imul(high ^ (high >>> 16), 0x85ebca6b) ^ Math.imul(low ^ (low >>> 13), 0xc2b2ae35);
  lanes.low = Math.imul(low ^ (low >>> 16), 0x85ebca6b) ^ Math.imul(high ^ (high >>> 13), 0xc2b2ae35);
}

/** A type's number goes first, so that 1, '1' and x'31' differ. */
function hashValue(value: unknown): void {
  if (typeof value === 'string') {
    mix(3);
    mix(value.length);
    mixText(value);
  } else if (typeof value === 'bigint') {
    word.setBigInt64(0, value);
    mixWord(1);
  } else if (typeof value === 'number') {
    word.setFloat64(0, value);
    mixWord(2);
  } else if (value instanceof Uint8Array) {
    mix(4);
    mix(value.length);
    for (const byte of value) mix(byte);
  } else {
    mix(5);
  }
}

/** Two characters at a time, in local variables: most of a digest's time goes here. */
function mixText(text: string): void {
  let { high, low } = lanes;
  const even = text.length & ~1;
  for (let at = 0; at < even; at += 2) {
    const part = text.charCodeAt(at) | (text.charCodeAt(at + 1) << 16);
    high = Math.imul(high ^ part, 0x9e3779b1);
    low = Math.imul(low ^ part, 0x5f356495);
    // What stands in the upper half of a part must reach the lower bits, which products never carry down to.
    high ^= high >>> 15;
    low ^= low >>> 13;
  }
  lanes.high = high;
  lanes.low = low;
  if (even < text.length) mix(text.charCodeAt(even));
}

function mixWord(type: number): void {
  mix(type);
  mix(word.getInt32(0));
  mix(word.getInt32(4));
}

function mix(part: number): void {
  lanes.high = Math.imul(lanes.high ^ part, 0x9e3779b1);
  lanes.low = Math.imul(lanes.low ^ part, 0x5f356495);
}

function hex(part: number): string {
  return part.toString(16).padStart(8, '0');
}
