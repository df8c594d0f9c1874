import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ForerunError, messageOf } from '../../error.ts';

/** The `package.json` of a project. */
export interface Package {
  readonly file: string;
  readonly text: string;
  readonly content: Readonly<Record<string, unknown>>;
  /** Whether a package of that name is among its dependencies of any sort. */
  uses(name: string): boolean;
}

export async function readPackage(folder: string): Promise<Package | undefined> {
  const file = join(folder, 'package.json');
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  const content = parsed(file, text);
  const groups = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies'];
  return { file, text, content, uses: (name) => groups.some((group) => name in recordOf(content[group])) };
}

const scripts = {
  'migrate:up': 'forerun up',
  'migrate:up:safe': 'forerun up --safe',
  'migrate:status': 'forerun status',
  'migrate:gate': 'forerun gate',
} as const;

/** Adds the scripts that are not there, in the indentation and with the line ends that the file has. */
export async function addScripts(
  pack: Package,
): Promise<{ readonly wrote: readonly string[]; readonly kept: readonly string[] }> {
  const there = recordOf(pack.content['scripts']);
  const kept = Object.keys(scripts).filter((name) => name in there);
  const wanted = Object.entries(scripts).filter(([name]) => !kept.includes(name));
  if (wanted.length > 0) {
    const content = { ...pack.content, scripts: { ...there, ...Object.fromEntries(wanted) } };
    const indent = /^([ \t]+)"/m.exec(pack.text)?.[1] ?? 2;
    const end = /\s*$/.exec(pack.text)?.[0] ?? '';
    const text = JSON.stringify(content, undefined, indent);
    await writeFile(pack.file, `${pack.text.includes('\r\n') ? text.replaceAll('\n', '\r\n') : text}${end}`);
  }
  return { wrote: wanted.length > 0 ? ['package.json'] : [], kept: kept.map((name) => `script ${name}`) };
}

function parsed(file: string, text: string): Readonly<Record<string, unknown>> {
  try {
    return recordOf(JSON.parse(text.replace(/^\uFEFF/, '')));
  } catch (error) {
    throw new ForerunError('CONFIG', `${file} cannot be read: ${messageOf(error)}`, {
      details: { file },
      next: 'Mend it, then run init again.',
    });
  }
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
