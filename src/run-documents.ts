import { mkdir, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { giveToOwnerOf } from './owner.ts';
import { runDocument } from './reports/json.ts';
import type { RunResult } from './result.ts';

/**
 * Keeps the document of a run as `runs/<run>.json` in main's home folder, for the folder's owner only, and answers with its
 * path. Where there is no such folder nothing was made, and nothing is kept. Replaces the document of that run.
 */
export async function keepRunDocument(home: string, result: RunResult): Promise<string | undefined> {
  const there = await stat(home).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (!there || result.run === '') return undefined;
  const folder = join(home, 'runs');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await giveToOwnerOf(home, folder);
  const file = join(folder, `${result.run}.json`);
  await writeFile(`${file}.tmp`, runDocument(result), { mode: 0o600 });
  await giveToOwnerOf(folder, `${file}.tmp`);
  await rename(`${file}.tmp`, file);
  return file;
}
