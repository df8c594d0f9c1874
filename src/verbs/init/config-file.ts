import { readdir } from 'node:fs/promises';
import type { Package } from './package-file.ts';
import { providerText, type ProviderFound } from './provider.ts';

/** The config that a project has, or the name that a new one should get. */
export interface ConfigFile {
  readonly name: string;
  readonly exists: boolean;
}

export async function configFile(folder: string, pack: Package | undefined): Promise<ConfigFile> {
  const files = await readdir(folder);
  const present = ['ts', 'mts', 'js', 'mjs']
    .map((extension) => `forerun.config.${extension}`)
    .find((name) => files.includes(name));
  if (present !== undefined) return { name: present, exists: true };
  if (files.includes('tsconfig.json')) return { name: 'forerun.config.ts', exists: false };
  return { name: pack?.content['type'] === 'module' ? 'forerun.config.js' : 'forerun.config.mjs', exists: false };
}

/**
 * The text of a config file of that name. Without a provider it imports types alone, so that it loads before Forerun is
 * installed.
 */
export function configText(found: {
  readonly databases: readonly string[];
  readonly migrations: string;
  readonly provider: ProviderFound | undefined;
}): (name: string) => string {
  const { imported, line } = providerText(found.provider);
  const database = found.provider?.database ?? databaseText(found.databases);
  const body = `{\n  database: ${database},\n  migrations: ${quoted(found.migrations)},\n${line}}`;
  return (name) =>
    name.endsWith('ts')
      ? `import type { Config } from 'forerun';\n${imported}\nexport default ${body} satisfies Config;\n`
      : `${imported === '' ? '' : `${imported}\n`}/** @type {import('forerun').Config} */\nexport default ${body};\n`;
}

/** The address of main, as it stands in a config file. */
export function databaseText([database = 'app.db']: readonly string[]): string {
  return database === fromEnvironment ? database : `process.env.DATABASE_URL ?? ${quoted(database)}`;
}

/** Stands for an address that is kept out of files, because it may hold a password. */
export const fromEnvironment = "process.env.DATABASE_URL ?? ''";

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
