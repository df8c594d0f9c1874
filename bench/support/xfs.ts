import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { newFolder } from './database.ts';

export interface ReflinkVolume {
  readonly folder: string;
  unmount(): void;
}

/** A file system with reflinks in a sparse file; or why there can be none here. */
export function mountXfs(size: string): ReflinkVolume | string {
  const base = newFolder();
  const folder = join(base, 'mount');
  mkdirSync(folder);
  try {
    execFileSync('truncate', ['-s', size, join(base, 'image')], { stdio: 'pipe' });
    execFileSync('mkfs.xfs', ['-q', '-m', 'reflink=1', join(base, 'image')], { stdio: 'pipe' });
    execFileSync('mount', ['-o', 'loop', join(base, 'image'), folder], { stdio: 'pipe' });
  } catch (error) {
    rmSync(base, { recursive: true, force: true });
    return `it takes Linux, root and mkfs.xfs (${error instanceof Error ? error.message.trim() : String(error)})`;
  }
  return {
    folder,
    unmount() {
      execFileSync('umount', [folder]);
      rmSync(base, { recursive: true, force: true });
    },
  };
}
