import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fromEnvironment } from './config-file.ts';

/** Addresses of databases that a project seems to use, the likeliest first. */
export async function findDatabases(folder: string): Promise<readonly string[]> {
  const address = addressIn(await readFile(join(folder, '.env'), 'utf8').catch(() => ''));
  const entries = await readdir(folder, { withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile() && /\.(?:db|sqlite|sqlite3)$/.test(entry.name))
    .map((entry) => `sqlite:${entry.name}`)
    .sort();
  if (address === undefined) return files;
  const isPath = /^(?:sqlite|file):/.test(address) || !/^[a-z][a-z\d+.-]*:/i.test(address);
  const named = isPath ? address : fromEnvironment;
  return [named, ...files.filter((file) => pathIn(file) !== pathIn(named))];
}

function addressIn(env: string): string | undefined {
  const value = /^[ \t]*(?:export[ \t]+)?DATABASE_URL[ \t]*=[ \t]*(.*?)[ \t]*\r?$/m.exec(env)?.[1];
  const bare = value?.replace(/^(["'])(.*)\1.*$/, '$2');
  return bare === undefined || bare === '' ? undefined : bare;
}

function pathIn(address: string): string {
  return address.replace(/^(?:sqlite|file):(?:\/\/)?/, '').replace(/^\.\//, '');
}
