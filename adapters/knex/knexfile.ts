import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { whole } from '../../src/cli/whole-file.ts';
import { ForerunError, messageOf } from '../../src/error.ts';
import { nearest } from '../../src/nearest.ts';
import { importAny } from '../code/import-any.ts';
import type { KnexConfig } from './config.ts';

/** The file that `knex` itself would find: that of the folder, else of one above it. */
export function findKnexfile(folder: string): string | undefined {
  const found = ['js', 'mjs', 'cjs', 'ts', 'mts', 'cts']
    .map((extension) => join(folder, `knexfile.${extension}`))
    .find((file) => existsSync(file));
  const above = dirname(folder);
  return found ?? (above === folder ? undefined : findKnexfile(above));
}

/** Reads a knexfile, by default the one that is found, and answers with the configuration of one environment. */
export async function readKnexfile(
  root: string,
  named: string | undefined,
  environment: string | undefined,
): Promise<{ readonly file: string; readonly config: KnexConfig }> {
  const file = named === undefined ? findKnexfile(root) : resolve(root, named);
  if (file === undefined || !existsSync(file)) throw noKnexfile(root, file);
  const exported = await whole(file, () => load(file));
  return { file, config: configIn(file, exported, environment) };
}

async function load(file: string): Promise<unknown> {
  try {
    let exported: unknown = await importAny(pathToFileURL(file).href);
    // Once for ES modules and once for what a compiler has made of one.
    for (let at = 0; at < 2 && isObject(exported) && exported['default'] !== undefined; at += 1)
      exported = exported['default'];
    return await (typeof exported === 'function' ? (exported as () => unknown)() : exported);
  } catch (error) {
    if (error instanceof ForerunError) throw error;
    throw new ForerunError('CONFIG', `${file} could not be loaded: ${messageOf(error)}`, {
      details: { file },
      next: 'Correct the knexfile; see that this says the same: npx knex migrate:currentVersion',
      cause: error,
    });
  }
}

/** As Knex: the environment of that name, else the whole. */
function configIn(file: string, exported: unknown, named: string | undefined): KnexConfig {
  if (!isObject(exported)) {
    throw new ForerunError('CONFIG', `${file} exports no configuration.`, {
      details: { file },
      next: 'Have it export an object with a client and a connection, or one for each environment.',
    });
  }
  const environment = named ?? process.env['NODE_ENV'] ?? 'development';
  const config = exported[environment];
  if (isObject(config)) return config;
  if (named === undefined && exported['client'] !== undefined) return exported;
  const known = Object.keys(exported).filter((name) => isObject(exported[name]));
  const near = nearest(environment, known);
  throw new ForerunError(
    'CONFIG',
    `${file} has no environment ${environment}${near === undefined ? '' : ` (did you mean ${near}?)`}. There ${known.length === 0 ? 'is none' : `are: ${known.join(', ')}`}.`,
    { details: { file }, next: "Name one by NODE_ENV, or in the configuration: knex({ environment: '…' })" },
  );
}

function noKnexfile(root: string, file: string | undefined): ForerunError<'CONFIG'> {
  return new ForerunError(
    'CONFIG',
    file === undefined ? `There is no knexfile in ${root}, nor above it.` : `There is no knexfile ${file}.`,
    {
      details: file === undefined ? {} : { file },
      next: "Name it in the configuration: knex({ knexfile: 'path/to/knexfile.js' }); or write one with: npx knex init",
    },
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
