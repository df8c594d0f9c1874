import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ForerunError, messageOf } from '../../src/error.ts';
import { ownModule } from '../../src/own-package.ts';

/** What Forerun reads of Prisma's own configuration; its paths are absolute. */
export interface PrismaConfig {
  readonly file: string;
  readonly schema?: string;
  readonly migrations?: string;
  readonly url?: string;
  readonly directUrl?: string;
}

const extensions = ['.js', '.ts', '.mjs', '.cjs', '.mts', '.cts'];
const names = ['prisma7.config', '.config/prisma7', 'prisma.config', '.config/prisma', '.config/prisma.config'];

/** Loads the named configuration file, else the first of those that Prisma looks for; undefined where there is none. */
export async function loadPrismaConfig(root: string, named: string | undefined): Promise<PrismaConfig | undefined> {
  const file = named === undefined ? findConfig(root) : resolve(root, named);
  if (file === undefined) return undefined;
  if (!existsSync(file)) throw wrong(file, `There is no Prisma configuration ${file}.`);
  const config = recordOf(await exported(file));
  const datasource = recordOf(config['datasource']);
  const path = (value: unknown): string | undefined =>
    typeof value === 'string' ? resolve(dirname(file), value) : undefined;
  return {
    file,
    ...present('schema', path(config['schema'])),
    ...present('migrations', path(recordOf(config['migrations'])['path'])),
    ...present('url', textOf(datasource['url'])),
    ...present('directUrl', textOf(datasource['directUrl'])),
  };
}

export function findConfig(root: string): string | undefined {
  return names
    .flatMap((name) => extensions.map((extension) => join(root, `${name}${extension}`)))
    .find((file) => existsSync(file));
}

async function exported(file: string): Promise<unknown> {
  const { createJiti } = await import('jiti');
  try {
    return await createJiti(file, { alias: { 'prisma/config': words } }).import(file, { default: true });
  } catch (error) {
    throw wrong(file, `The Prisma configuration ${file} could not be loaded: ${messageOf(error)}`, error);
  }
}

const words = fileURLToPath(ownModule('adapters/prisma/config-words'));

function present<Name extends string>(name: Name, value: string | undefined): Partial<Record<Name, string>> {
  return value === undefined ? {} : ({ [name]: value } as Record<Name, string>);
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function wrong(file: string, message: string, cause?: unknown): ForerunError<'CONFIG'> {
  return new ForerunError('CONFIG', message, {
    details: { file },
    next: "Correct it, or name another one with the adapter's option `config`.",
    ...(cause === undefined ? {} : { cause }),
  });
}
