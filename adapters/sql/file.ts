import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { checksum, normalText } from '../../src/checksum.ts';
import { messageOf } from '../../src/error.ts';
import type { Checksum } from '../../src/seams/source.ts';
import type { Problem } from './problem.ts';

export interface SqlFile {
  readonly text: string;
  readonly checksum: Checksum;
}

/**
 * Reads a file of SQL, or reports why it cannot be. Checksum and text come from the same bytes. Synchronous, as a
 * listing of many small files is several times faster so.
 */
export function readSqlFile(file: string, report: (problem: Problem) => void): SqlFile | undefined {
  const bytes = readUtf8(file, report);
  return bytes && sqlFileOf(bytes);
}

export function sqlFileOf(bytes: Buffer): SqlFile {
  return { text: normalText(bytes), checksum: checksum(bytes) };
}

/** The bytes of a file of text, exactly as they are; reports why it is none. */
export function readUtf8(file: string, report: (problem: Problem) => void): Buffer | undefined {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    report({ file, what: `cannot be read (${messageOf(error)})`, next: `Make \`${file}\` readable, or take it away.` });
    return undefined;
  }
  const bad = isUtf8(bytes) ? bytes.indexOf(0) : firstBadByte(bytes);
  if (bad === -1) return bytes;
  report({
    file,
    line: bytes.subarray(0, bad).toString('latin1').split('\n').length,
    what: bytes[bad] === 0 ? `has a NUL byte at byte offset ${bad}` : `is not valid UTF-8 at byte offset ${bad}`,
    next: `Save \`${file}\` as UTF-8.`,
  });
  return undefined;
}

/** Decoding puts U+FFFD where bytes are wrong; those that the file itself has are passed over. */
function firstBadByte(bytes: Buffer): number {
  const replacement = Buffer.from('\uFFFD');
  let offset = 0;
  for (const sound of bytes.toString('utf8').split('\uFFFD')) {
    offset += Buffer.byteLength(sound);
    if (!bytes.subarray(offset, offset + replacement.length).equals(replacement)) break;
    offset += replacement.length;
  }
  return offset;
}
