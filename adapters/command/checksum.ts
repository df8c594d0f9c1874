import { checksum } from '../../src/checksum.ts';
import type { Checksum } from '../../src/seams/source.ts';

/** Of what a tool applied only the name is known here: what its files say is the tool's own affair. */
export function nameChecksum(name: string): Checksum {
  return `sha256-name:${hexOf(name)}`;
}

/** Of a command: what it runs is not covered. */
export function commandChecksum(name: string): Checksum {
  return `sha256-command:${hexOf(name)}`;
}

function hexOf(text: string): string {
  return checksum(text).replace(/^.*:/, '');
}
