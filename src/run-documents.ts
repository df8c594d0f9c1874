import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
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
  await removeOldDrafts(folder);
  const file = join(folder, `${result.run}.json`);
  const draft = `${file}.tmp`;
  try {
    await writeFile(draft, runDocument(result), { mode: 0o600 });
    await giveToOwnerOf(folder, draft);
    await rename(draft, file);
  } catch (error) {
    await rm(draft, { force: true }).catch(() => {});
    throw error;
  }
  return file;
}

/** A draft is there for a moment alone: what is older than this was left by a process that was killed, in milliseconds. */
const draftAgeMs = 60_000;

async function removeOldDrafts(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.endsWith('.json.tmp')) continue;
    const file = join(folder, name);
    const found = await stat(file).catch(() => undefined);
    if (found !== undefined && Date.now() - found.mtimeMs > draftAgeMs) await rm(file, { force: true });
  }
}
