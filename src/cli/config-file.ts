import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Config } from '../config.ts';
import { ForerunError, messageOf } from '../error.ts';
import { lineByNode } from '../line-by-node.ts';
import { packageFolder } from '../own-package.ts';
import { whole } from './whole-file.ts';

export interface ConfigFile {
  readonly file: string;
  /** As it was exported; `resolveConfig` says what is wrong with it. */
  readonly config: Partial<Config>;
}

const names = ['ts', 'mts', 'js', 'mjs'].map((extension) => `forerun.config.${extension}`);

/** Loads the named file, else the one `forerun.config.*` of the folder; undefined where there is none. */
export async function loadConfigFile(named: string | undefined, cwd: string): Promise<ConfigFile | undefined> {
  const file = named === undefined ? findIn(cwd) : resolve(cwd, named);
  if (file === undefined) return undefined;
  if (!existsSync(file))
    throw wrong(file, `There is no configuration file ${file}.`, 'Check the path, or leave --config out.');
  const exported = await whole(file, () => importFile(file));
  const config = 'default' in exported ? exported.default : undefined;
  if (config === undefined)
    throw wrong(
      file,
      `${file} has no default export.`,
      "Write it as: export default defineConfig({ database: 'app.db' })",
    );
  if (typeof config !== 'object' || config === null || Array.isArray(config) || config instanceof Promise) {
    throw wrong(
      file,
      `The default export of ${file} is no configuration object.`,
      'Export the object itself; top-level await is allowed in the file.',
    );
  }
  return { file, config };
}

function findIn(folder: string): string | undefined {
  const [first, ...others] = names.map((name) => join(folder, name)).filter((file) => existsSync(file));
  if (first === undefined || others.length === 0) return first;
  throw wrong(
    first,
    `There are several configuration files: ${[first, ...others].join(', ')}.`,
    'Keep one of them, or name it with --config.',
  );
}

async function importFile(file: string): Promise<{ readonly default?: unknown }> {
  try {
    const ours = canImportUs(file) ? {} : ownExports();
    // Node imports JavaScript itself, but cannot be told where our package is.
    if (/\.m?js$/.test(file) && Object.keys(ours).length === 0)
      return (await import(pathToFileURL(file).href)) as object;
    const { createJiti } = await import('jiti');
    return await createJiti(file, { interopDefault: false, alias: ours }).import<object>(file);
  } catch (error) {
    if (error instanceof ForerunError) throw error;
    const line = lineIn(error, file) ?? (error instanceof SyntaxError ? lineByNode(file) : undefined);
    throw wrong(
      file,
      `${line === undefined ? file : `${file}:${line}`} could not be loaded: ${wordsOf(error, file)}`,
      'Correct the configuration file.',
      error,
    );
  }
}

/** Without the place, which some loaders say on a line of its own. */
function wordsOf(error: unknown, file: string): string {
  const lines = messageOf(error).split('\n');
  const words = lines.filter((line) => !line.trim().startsWith(`${file}:`)).map((line) => line.trimEnd());
  return words
    .join('\n')
    .trim()
    .replace(/^ParseError: /, '');
}

function canImportUs(file: string): boolean {
  try {
    createRequire(file).resolve('forerun');
    return true;
  } catch {
    return false;
  }
}

/** What `forerun` and `forerun/…` stand for, for projects that run this program without having it installed. */
function ownExports(): Record<string, string> {
  const folder = fileURLToPath(packageFolder());
  const { exports } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    exports: Record<string, string | { default: string }>;
  };
  return Object.fromEntries(
    Object.entries(exports).map(([path, target]) => [
      join('forerun', path),
      join(folder, typeof target === 'string' ? target : target.default),
    ]),
  );
}

/** Where in the file it was thrown, as far as the stack or the message tells. */
function lineIn(error: unknown, file: string): string | undefined {
  const text = error instanceof Error ? `${error.message}\n${error.stack ?? ''}` : '';
  const at = [file, pathToFileURL(file).href]
    .map((name) => text.split(`${name}:`)[1])
    .find((rest) => rest !== undefined);
  return /^\d+/.exec(at ?? '')?.[0] ?? /\((\d+):\d+\)/.exec(text.split('\n')[0] ?? '')?.[1];
}

function wrong(file: string, message: string, next: string, cause?: unknown): ForerunError<'CONFIG'> {
  return new ForerunError('CONFIG', message, { details: { file }, next, ...(cause === undefined ? {} : { cause }) });
}
