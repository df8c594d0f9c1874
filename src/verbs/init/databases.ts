import type { Dirent } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fromEnvironment } from './config-file.ts';

/** Databases that a project seems to use, the likeliest first: as bare paths, which programs of every sort can read. */
export async function findDatabases(folder: string): Promise<readonly string[]> {
  const address = addressIn(await readFile(join(folder, '.env'), 'utf8').catch(() => ''));
  const files = await databasesIn(folder);
  if (address === undefined) return files;
  const isPath = /^(?:sqlite|file):/.test(address) || !/^[a-z][a-z\d+.-]*:/i.test(address);
  const named = isPath ? barePath(address) : fromEnvironment;
  return [named, ...files.filter((file) => file !== named.replace(/^\.\//, ''))];
}

/** Those of the folder itself first, then those one folder deeper: `data/shop.sqlite`. */
async function databasesIn(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory() && !/^(?:\.|node_modules$)/.test(entry.name));
  const deeper = await Promise.all(
    folders.map(async ({ name }) => {
      // A folder that cannot be listed is no place where a project keeps its database.
      const inside = await readdir(join(folder, name), { withFileTypes: true }).catch(() => []);
      return databaseFiles(inside).map((file) => `${name}/${file}`);
    }),
  );
  return [...databaseFiles(entries), ...deeper.flat().sort()];
}

function databaseFiles(entries: readonly Dirent[]): readonly string[] {
  return entries
    .filter((entry) => entry.isFile() && /\.(?:db|sqlite|sqlite3)$/.test(entry.name))
    .map((entry) => entry.name)
    .sort();
}

function addressIn(env: string): string | undefined {
  const value = /^[ \t]*(?:export[ \t]+)?DATABASE_URL[ \t]*=[ \t]*(.*?)[ \t]*\r?$/m.exec(env)?.[1];
  const bare = value?.replace(/^(["'])(.*)\1.*$/, '$2');
  return bare === undefined || bare === '' ? undefined : bare;
}

/** What follows a `?` or is written with `%` means something in an address only. */
function barePath(address: string): string {
  return /[?%]/.test(address) ? address : address.replace(/^(?:sqlite|file):(?:\/\/)?/, '');
}
