import { constants, copyFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { isAlive, thisProcess } from '../../process.ts';

/** Whether the file system can make a copy of `file` in `folder` that shares its blocks. Asked once for each device. */
export async function canReflink(file: string, folder: string): Promise<boolean> {
  const [{ dev }, place] = await Promise.all([stat(file), stat(folder)]);
  if (dev !== place.dev) return false;
  let answer = answers.get(dev);
  if (answer === undefined) answers.set(dev, (answer = probe(folder)));
  return answer;
}

const answers = new Map<number, Promise<boolean>>();

/** Tries with two small files of our own, never with a database. */
async function probe(folder: string): Promise<boolean> {
  await removeOldProbes(folder);
  const file = join(folder, `probe-${process.pid}-${randomBytes(4).toString('hex')}`);
  try {
    await writeFile(file, Buffer.alloc(4096, 'forerun'), { mode: 0o600 });
    await copyFile(file, `${file}-clone`, constants.COPYFILE_FICLONE_FORCE);
    return true;
  } catch {
    return false;
  } finally {
    await rm(file, { force: true });
    await rm(`${file}-clone`, { force: true });
  }
}

/** A killed process may have left some. */
async function removeOldProbes(folder: string): Promise<void> {
  const { host } = thisProcess();
  for (const name of await readdir(folder)) {
    const pid = /^probe-(\d+)-/.exec(name)?.[1];
    if (pid !== undefined && !isAlive({ pid: Number(pid), host })) await rm(join(folder, name), { force: true });
  }
}
