import { resolve } from 'node:path';
import { ForerunError } from '../../src/error.ts';
import type { Target } from '../../src/seams/target.ts';

/**
 * An address of Prisma's as drivers read it: a file's path relative to `base`, and for PostgreSQL the schema that Prisma
 * makes the session's. All other words of Prisma's stay, for programs that are given the address.
 */
export function driverAddress(address: string, base: string): string {
  const file = /^(?:file|sqlite):(?:\/\/)?([^?]*)/.exec(address)?.[1];
  if (file !== undefined) return `file:${resolve(base, file).replace(/[%?#]/g, encodeURIComponent)}`;
  const schema = schemaParameter(address);
  if (schema === undefined || schema === 'public' || hasOptions(address)) return address;
  return `${address}&options=${encodeURIComponent(`-c search_path=${quoted(schema)}`)}`;
}

/** The schema that Prisma's table is in. Throws `CONFIG` where sessions would not be in it. */
export function schemaOf(main: Target): string {
  const schema = schemaParameter(main.url) ?? 'public';
  if (schema === 'public' || hasOptions(main.url)) return schema;
  throw new ForerunError(
    'CONFIG',
    `The address names schema=${schema}, a word of Prisma's that the server does not know.`,
    {
      details: { keys: ['database'] },
      next: `Leave the address out, so that it is read from Prisma's own files; or add to it: &options=-c%20search_path%3D${encodeURIComponent(schema)}`,
    },
  );
}

function schemaParameter(address: string): string | undefined {
  return parametersOf(address).get('schema') ?? undefined;
}

function hasOptions(address: string): boolean {
  return (parametersOf(address).get('options') ?? '').includes('search_path');
}

function parametersOf(address: string): URLSearchParams {
  return new URLSearchParams(/\?(.*)$/s.exec(address)?.[1] ?? '');
}

/** For the server's own splitting of options at spaces. */
function quoted(schema: string): string {
  return /^[a-z_][a-z\d_]*$/.test(schema)
    ? schema
    : `"${schema.replaceAll('"', '""')}"`.replace(/[\\ ]/g, String.raw`\$&`);
}
