import { createHash } from 'node:crypto';

/** The checksum that Prisma keeps of a migration: SHA-256 over the bytes of its file, in hexadecimal. */
export function prismaChecksum(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/**
 * Whether a file is what was applied, as Prisma sees it: whatever its line ends, and also by a checksum in whose bytes an
 * early version left leading zeros out.
 */
export function matchesPrisma(bytes: Uint8Array, checksum: string): boolean {
  const text = Buffer.from(bytes).toString('utf8');
  const forms = [bytes, text.replaceAll('\r\n', '\n'), text.replaceAll('\n', '\r\n')].map(prismaChecksum);
  return forms.some((form) => checksum === (checksum.length === form.length ? form : withoutZeros(form)));
}

function withoutZeros(hex: string): string {
  return hex.replace(/../g, (byte) => Number.parseInt(byte, 16).toString(16));
}
