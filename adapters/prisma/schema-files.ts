import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { ForerunError } from '../../src/error.ts';
import { datasourceIn, type Datasource } from './datasource.ts';

/** A Prisma schema as Forerun reads it: where it is, and what its datasource says. */
export interface PrismaSchema {
  /** The folder of the schema file, or that of several. */
  readonly folder: string;
  /** The file with the datasource; absolute. */
  readonly file: string;
  readonly datasource: Datasource;
}

/** Reads the named schema, else the first of those that Prisma looks for. Throws `CONFIG` where there is none. */
export function readSchema(root: string, named: string | undefined): PrismaSchema {
  const place = named === undefined ? findSchema(root) : resolve(root, named);
  if (place === undefined) {
    throw wrong(
      root,
      `There is no Prisma schema in ${root}: neither ${usual.join(' nor ')}, and package.json names none.`,
      "Name it with the adapter's option `schema`, or in prisma.config.ts.",
    );
  }
  const files = filesOf(place);
  for (const file of files) {
    const datasource = datasourceIn(readFileSync(file, 'utf8'));
    if (datasource !== undefined)
      return { folder: files.length === 1 && files[0] === place ? dirname(place) : place, file, datasource };
  }
  throw wrong(place, `The Prisma schema ${place} has no datasource.`, 'Add one: datasource db { provider = "sqlite" }');
}

const usual = ['schema.prisma', 'prisma/schema.prisma', 'prisma/schema'];

export function findSchema(root: string): string | undefined {
  const named = namedInPackage(root);
  return named ?? usual.map((name) => join(root, name)).find((place) => kindOf(place) !== undefined);
}

function namedInPackage(root: string): string | undefined {
  try {
    const content = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { prisma?: { schema?: unknown } };
    const named = content.prisma?.schema;
    return typeof named === 'string' ? resolve(root, named) : undefined;
  } catch {
    return undefined;
  }
}

/** A file alone, or all of a folder and of those in it. */
function filesOf(place: string): readonly string[] {
  const kind = kindOf(place);
  if (kind === 'file') return [place];
  if (kind === undefined) throw wrong(place, `There is no Prisma schema ${place}.`, 'Check the path that names it.');
  const files = readdirSync(place, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.prisma'))
    .map((name) => join(place, name))
    .toSorted();
  if (files.length === 0) throw wrong(place, `There is no file *.prisma in ${place}.`, 'Check the path that names it.');
  return files;
}

function kindOf(place: string): 'file' | 'folder' | undefined {
  const there = statSync(place, { throwIfNoEntry: false });
  return there === undefined ? undefined : there.isDirectory() ? 'folder' : 'file';
}

function wrong(file: string, message: string, next: string): ForerunError<'CONFIG'> {
  return new ForerunError('CONFIG', message, { details: { file }, next });
}
