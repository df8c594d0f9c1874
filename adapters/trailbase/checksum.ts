import type { Checksum } from '../../src/seams/source.ts';

/**
 * TrailBase's checksum of a migration, in our form `siphash13:<decimal>`: SipHash-1-3 with the key 0 over the name in
 * UTF-8, a byte ff, the version as four bytes with the lowest first, the text in UTF-8 exactly as it stands in the file,
 * and a byte ff. The letter U or V is not covered. The table holds the bare decimal.
 */
export function trailbaseChecksum(name: string, version: number, sql: Uint8Array): Checksum {
  const number = Buffer.alloc(4);
  number.writeInt32LE(version);
  const end = Buffer.from([0xff]);
  return `${prefix}${sipHash13(Buffer.concat([Buffer.from(name), end, number, sql, end]))}`;
}

const prefix = 'siphash13:';

/** The form that the table holds; undefined for another algorithm's checksum. */
export function bareChecksum(checksum: string): string | undefined {
  return checksum.startsWith(prefix) ? checksum.slice(prefix.length) : undefined;
}

/** From the form that the table holds; undefined for what TrailBase cannot read, which is a whole number of 64 bits. */
export function typedChecksum(bare: unknown): Checksum | undefined {
  if (typeof bare !== 'string' || !/^\d{1,20}$/.test(bare) || BigInt(bare) > mask) return undefined;
  return `${prefix}${bare}`;
}

const mask = 0xffff_ffff_ffff_ffffn;

/** SipHash with one round for each eight bytes and three at the end, with a key of zeros. */
export function sipHash13(bytes: Uint8Array): bigint {
  const state: State = [0x736f6d6570736575n, 0x646f72616e646f6dn, 0x6c7967656e657261n, 0x7465646279746573n];
  const whole = bytes.length - (bytes.length % 8);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < whole; at += 8) absorb(state, view.getBigUint64(at, true));
  const rest = Buffer.alloc(8);
  rest.set(bytes.subarray(whole));
  rest.writeUInt8(bytes.length & 0xff, 7);
  absorb(state, rest.readBigUInt64LE());
  state[2] ^= 0xffn;
  for (let turn = 0; turn < 3; turn += 1) round(state);
  return state[0] ^ state[1] ^ state[2] ^ state[3];
}

type State = [bigint, bigint, bigint, bigint];

function absorb(state: State, word: bigint): void {
  state[3] ^= word;
  round(state);
  state[0] ^= word;
}

function round(state: State): void {
  let [a, b, c, d] = state;
  a = (a + b) & mask;
  b = turned(b, 13n) ^ a;
  c = (c + d) & mask;
  d = turned(d, 16n) ^ c;
  a = (turned(a, 32n) + d) & mask;
  d = turned(d, 21n) ^ a;
  c = (c + b) & mask;
  b = turned(b, 17n) ^ c;
  state.splice(0, 4, a, b, turned(c, 32n), d);
}

function turned(word: bigint, bits: bigint): bigint {
  return ((word << bits) | (word >> (64n - bits))) & mask;
}
