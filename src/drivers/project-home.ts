import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

/** Where the database is elsewhere, what is kept on this machine is beside the configuration. */
export function homeIn(root: string | undefined): string {
  return resolve(root ?? '.', '.forerun');
}

/**
 * Makes the folder, for its owner only and unseen by git. Safe to repeat. Nothing in it is needed for safety, so that
 * where it cannot be made (a container that is read-only) the run goes on, and keeps no document.
 */
export async function makeHome(home: string): Promise<void> {
  try {
    await mkdir(home, { recursive: true, mode: 0o700 });
    await writeFile(join(home, '.gitignore'), '*\n', { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if (!(error instanceof Error) || !('syscall' in error)) throw error;
  }
}
