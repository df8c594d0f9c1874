import { describe, expect, test } from 'vitest';
import { readableTime, trailbaseTime } from '../../../adapters/trailbase/applied-on.ts';
import { sipHash13, trailbaseChecksum, typedChecksum } from '../../../adapters/trailbase/checksum.ts';

/** By refinery's own tests, and by two hashers of Rust's. */
const golden: readonly (readonly [name: string, version: number, sql: string, checksum: string])[] = [
  [
    'initial',
    1,
    'CREATE TABLE persons (\n    id int,\n    name varchar(255),\n    city varchar(255)\n);\n',
    '2959965718684201605',
  ],
  ['add_cars_table', 2, 'CREATE TABLE cars (\n    id int,\n    name varchar(255)\n);\n', '8238603820526370208'],
  ['', 0, '', '7633159278355933011'],
  ['a', 1, '', '3052371927611763451'],
  ['initial', 1, 'CREATE TABLE t (id INTEGER PRIMARY KEY);\n', '6618721403652486589'],
  ['create_todos', 1752518653, '-- ü\r\nSELECT 1;', '8994335469154453560'],
  ['x', 2147483647, 'a'.repeat(1000), '554824452600199112'],
];

describe("TrailBase's checksum", () => {
  test.each(golden)('of %s, version %i', (name, version, sql, checksum) => {
    expect(trailbaseChecksum(name, version, Buffer.from(sql))).toBe(`siphash13:${checksum}`);
  });

  test('is SipHash-1-3, with a key of zeros', () => {
    expect(sipHash13(new Uint8Array())).toBe(15130871412783076140n);
  });

  test('covers line ends, a byte order mark, name and version', () => {
    const of = (name: string, version: number, sql: string): string =>
      trailbaseChecksum(name, version, Buffer.from(sql));
    const all = [of('a', 1, 'x\n'), of('a', 1, 'x\r\n'), of('a', 1, '\uFEFFx\n'), of('b', 1, 'x\n'), of('a', 2, 'x\n')];
    expect(new Set(all).size).toBe(all.length);
  });

  test.each(['18446744073709551615', '0'])('may be %s', (bare) => {
    expect(typedChecksum(bare)).toBe(`siphash13:${bare}`);
  });

  test.each(['18446744073709551616', '-1', '1.8e19', 'abc', '', null, 5])('cannot be %j', (bare) => {
    expect(typedChecksum(bare)).toBeUndefined();
  });
});

describe("TrailBase's time", () => {
  test.each([
    ['2026-11-01T03:39:14.008Z', '2026-11-01T03:39:14.008Z'],
    ['2026-11-01T03:39:14.100Z', '2026-11-01T03:39:14.1Z'],
    ['2026-11-01T03:39:14.000Z', '2026-11-01T03:39:14Z'],
    ['2026-11-01T03:39:14.00899Z', '2026-11-01T03:39:14.00899Z'],
    ['2026-11-01T03:39:10Z', '2026-11-01T03:39:10Z'],
  ])('is written for %s as %s', (given, written) => {
    expect(trailbaseTime(given)).toBe(written);
  });

  test.each([
    ['2025-11-01T03:39:14.00899Z', '2025-11-01T03:39:14.00899Z'],
    ['2021-05-04 03:39:14z', '2021-05-04T03:39:14Z'],
    ['2021-05-04T03:39:14.5-06:00', '2021-05-04T09:39:14.500Z'],
    ['2021-05-04T03:39:14.123456789+01:30', '2021-05-04T02:09:14.123Z'],
  ])('is read from %s', (stored, read) => {
    expect(readableTime(stored)).toBe(read);
  });

  test.each(['2024-08-30 15:26:02', '2024-13-30T15:26:02Z', 'yesterday', null, 1])('is never %j', (stored) => {
    expect(readableTime(stored)).toBeUndefined();
  });
});
