import { readdir, readFile, rename, rm, stat, writeFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { giveToOwnerOf } from '../../owner.ts';
import type { Target } from '../../seams/target.ts';
import { homeOf, makeHome } from '../sqlite/home.ts';
import { pathOf } from '../sqlite/target.ts';

/** Texts that are kept beside a database, in `.forerun/vers`, each by an id. Every deployer of that database reads them. */
export async function readDocuments(main: Target): Promise<readonly string[]> {
  const folder = folderOf(main);
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.json')).toSorted();
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8').catch(() => undefined)));
  return texts.filter((text) => text !== undefined);
}

export async function writeDocument(main: Target, id: string, text: string): Promise<void> {
  const home = await makeHome(pathOf(main));
  const folder = folderOf(main);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const draft = join(folder, `.${id}.${process.pid}`);
  try {
    await writeFile(draft, text, { mode: 0o600 });
    await giveToOwnerOf(home, folder, draft);
    await rename(draft, join(folder, `${id}.json`));
  } catch (error) {
    await rm(draft, { force: true }).catch(() => {});
    throw error;
  }
}

export async function removeDocument(main: Target, id: string): Promise<void> {
  await rm(join(folderOf(main), `${id}.json`), { force: true });
}

export async function hasDocument(main: Target, id: string): Promise<boolean> {
  return stat(join(folderOf(main), `${id}.json`)).then(
    () => true,
    () => false,
  );
}

export async function removeDocuments(main: Target): Promise<void> {
  await rm(folderOf(main), { recursive: true, force: true });
}

function folderOf(main: Target): string {
  return join(homeOf(pathOf(main)), 'vers');
}
