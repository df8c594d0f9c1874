import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isAlive, thisProcess, type ProcessIdentity } from '../../process.ts';
import { isMounted, mountLayers } from './layers.ts';
import { dataOf, type CloneRecord } from './records.ts';
import { isServing, startServer, stopServer, type ServerPlace } from './server.ts';

/** Runs `body` while a branch's server is ended, so that its files hold all that it holds. */
export async function atRest(place: ServerPlace, branch: CloneRecord, body: () => Promise<void>): Promise<void> {
  const mark = markOf(place.folder, branch.id);
  // So that nobody starts the server meanwhile, unless this process dies.
  await writeFile(mark, JSON.stringify(thisProcess()), { mode: 0o600 });
  try {
    await stopServer(dataOf(place.folder, branch.id), 'fast');
    await body();
  } finally {
    await startServer(place, branch);
    await rm(mark, { force: true });
  }
}

/** Starts the server of a branch again where it does not run: the machine was started anew, or a process killed. */
export async function revive(place: ServerPlace, branch: CloneRecord): Promise<void> {
  const own = join(place.folder, branch.id);
  if (!(await isDown(place.folder, branch))) return;
  // What that process had begun to start or to end.
  await stopServer(dataOf(place.folder, branch.id), 'fast');
  if (branch.way === 'overlay' && !(await isMounted(join(own, 'data')))) {
    await mountLayers(own, branch.layers, place.as);
  }
  await startServer(place, branch);
}

/** Whether it needs that. */
export async function isDown(folder: string, branch: CloneRecord): Promise<boolean> {
  return !(await isServing(dataOf(folder, branch.id))) && !(await isMarked(folder, branch.id));
}

async function isMarked(folder: string, id: string): Promise<boolean> {
  const text = await readFile(markOf(folder, id), 'utf8').catch(() => '');
  return text !== '' && isAlive(JSON.parse(text) as ProcessIdentity);
}

function markOf(folder: string, id: string): string {
  return join(folder, id, 'at-rest.json');
}
