import { randomBytes } from 'node:crypto';
import type { SqliteDatabase } from '../../src/drivers/sqlite.ts';

/** Registers TrailBase's SQL functions for UUIDs, which answer here what they answer there. */
export function registerUuids(database: SqliteDatabase): void {
  const checks = { deterministic: true };
  database.function('is_uuid', checks, (value: unknown) => isUuid(value));
  database.function('is_uuid_v4', checks, (value: unknown) => isUuid(value, 4));
  database.function('is_uuid_v7', checks, (value: unknown) => isUuid(value, 7));
  database.function('uuid_text', checks, uuidText);
  database.function('uuid_parse', checks, uuidParse);
  database.function('uuid_v4', {}, () => stamped(randomBytes(16), 4));
  database.function('uuid_v7', {}, () => {
    const uuid = randomBytes(16);
    uuid.writeUIntBE(Date.now(), 0, 6);
    return stamped(uuid, 7);
  });
}

/** NULL counts as one, so that a CHECK lets it pass. */
function isUuid(value: unknown, version?: number): 0 | 1 {
  if (value === null) return 1;
  const bytes = typeof value === 'string' ? parsed(value) : Buffer.isBuffer(value) ? value : undefined;
  if (bytes?.length !== 16) return 0;
  return version === undefined || bytes.readUInt8(6) >> 4 === version ? 1 : 0;
}

function uuidText(value: unknown): string {
  if (!Buffer.isBuffer(value) || value.length !== 16) throw new Error('uuid_text: not a BLOB of 16 bytes');
  return value.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

function uuidParse(value: unknown): Buffer {
  const bytes = typeof value === 'string' ? parsed(value) : undefined;
  if (bytes === undefined) throw new Error('uuid_parse: not the text of a UUID');
  return bytes;
}

/** With hyphens or without, in braces, or as a URN; in small letters or capitals. */
function parsed(text: string): Buffer | undefined {
  const [, urn, braced, bare, plain] =
    /^(?:urn:uuid:(.{36})|\{(.{36})\}|([\da-f-]{36})|([\da-f]{32}))$/i.exec(text) ?? [];
  const hyphenated = urn ?? braced ?? bare;
  if (hyphenated !== undefined && !/^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i.test(hyphenated)) return undefined;
  const digits = hyphenated?.replaceAll('-', '') ?? plain;
  return digits === undefined ? undefined : Buffer.from(digits, 'hex');
}

function stamped(uuid: Buffer, version: number): Buffer {
  uuid.writeUInt8((uuid.readUInt8(6) & 0x0f) | (version << 4), 6);
  uuid.writeUInt8((uuid.readUInt8(8) & 0x3f) | 0x80, 8);
  return uuid;
}
