import { cp, mkdtemp, realpath, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** A copy of an example as it is in a fresh clone, with the packages that the clone has installed. */
export async function copyExample(name: string): Promise<{ readonly readme: string; readonly folder: string }> {
  const base = await realpath(await mkdtemp(join(tmpdir(), 'forerun-example-')));
  onTestFinished(() => rm(base, { recursive: true, force: true }));
  const source = join(root, 'examples', name);
  const folder = join(base, 'shop');
  const made = /\.db(-\w+)?$|\.forerun$/;
  await cp(source, folder, { recursive: true, filter: (path) => !made.test(path) });
  await symlink(join(root, 'node_modules'), join(base, 'node_modules'));
  return { readme: join(source, 'README.md'), folder };
}
