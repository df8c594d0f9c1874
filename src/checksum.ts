import { createHash } from 'node:crypto';
import type { Checksum } from './seams/source.ts';
import type { Schema } from './seams/driver.ts';

/**
 * Checksum of a migration's up file: SHA-256 over its bytes with a leading UTF-8 byte order mark dropped and every
 * CRLF read as LF, so that a checkout on another system has the same checksum. Stored as `sha256:<hex>`; this format
 * never changes for rows that exist.
 */
export function checksum(bytes: Uint8Array | string): Checksum {
  return `sha256:${createHash('sha256').update(normalText(bytes), 'utf8').digest('hex')}`;
}

/**
 * Checksum of a function without a file, over its source text. Weak: what it imports and closes over is not covered,
 * and a compiler may change the text. Stored as `sha256-function:<hex>`.
 */
export function weakChecksum(source: string): Checksum {
  return `sha256-function:${createHash('sha256').update(source, 'utf8').digest('hex')}`;
}

/** The text that is hashed and kept: no byte order mark, LF line ends. */
export function normalText(bytes: Uint8Array | string): string {
  const text = typeof bytes === 'string' ? bytes : Buffer.from(bytes).toString('utf8');
  return text.replace(/^\uFEFF/, '').replaceAll('\r\n', '\n');
}

/** Digest of a schema: equal where every object has the same key and the same canonical text. */
export function fingerprint(schema: Schema): string {
  const known = fingerprints.get(schema);
  if (known !== undefined) return known;
  const hash = createHash('sha256');
  for (const [key, definition] of [...schema].sort(([a], [b]) => (a < b ? -1 : 1))) {
    hash.update(`${key}\0${definition}\0`);
  }
  const digest = `sha256:${hash.digest('hex')}`;
  fingerprints.set(schema, digest);
  return digest;
}

/** The schema after one migration is the schema before the next. */
const fingerprints = new WeakMap<Schema, string>();
