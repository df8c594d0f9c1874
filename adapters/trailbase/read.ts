import type { Driver } from '../../src/seams/driver.ts';
import type { Migration } from '../../src/seams/source.ts';
import { readUtf8 } from '../sql/file.ts';
import type { Problem } from '../sql/problem.ts';
import { applyOf, type Surrounded } from './apply.ts';
import { trailbaseChecksum } from './checksum.ts';
import type { Found } from './collect.ts';
import { nameOf } from './names.ts';

/** Reads the file of one migration, byte for byte; reports why it cannot be. */
export function readMigration(
  found: Found,
  driver: Pick<Driver, 'script'>,
  surrounded: Surrounded,
  report: (problem: Problem) => void,
): Migration | undefined {
  const { file, version } = found;
  const bytes = readUtf8(file, report);
  if (bytes === undefined) return undefined;
  const name = nameOf(found);
  const text = bytes.toString('utf8');
  // To SQLite a byte order mark is white space.
  const script = driver.script(text.replace(/^\uFEFF/, ''), file);
  return {
    version: String(version),
    name,
    checksum: trailbaseChecksum(found.name, version, bytes),
    text,
    file,
    language: 'sql',
    ...(found.letter === 'U' ? { unordered: true } : {}),
    up: applyOf(name, text, script, surrounded),
  };
}
